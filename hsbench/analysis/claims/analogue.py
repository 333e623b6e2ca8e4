"""The questions of HyperSound put to patch INRs, which train in minutes; the answers say nothing about HyperSound."""

from __future__ import annotations

from hsbench.analysis.claims.base import ANALOGUE, Claim, Contrast, better

TIME, SPECTRAL = "patch INR time loss", "patch INR spectral loss too"

CLAIMS = (
    Claim(
        "analogue-time-loss-collapses",
        "3.3",
        "With the time-domain loss alone, a hypernetwork collapses to noise or silence.",
        "MSE of the patch INR with the time-domain loss alone minus that of silence",
        ANALOGUE,
        contrasts=(Contrast("mse", ((1.0, TIME), (-1.0, "silence"))),),
        held_out=True,
    ),
    Claim(
        "analogue-augmentation",
        "3.3",
        "Without augmentation, a hypernetwork overfits, and held-out clips suffer.",
        "SI-SNR on held-out clips with augmentation minus that without",
        ANALOGUE,
        contrasts=(better("si_snr", "patch INR augmented", TIME),),
        held_out=True,
    ),
    Claim(
        "analogue-time-loss-waveform",
        "3.4",
        "The time-domain loss serves the waveform metrics.",
        "SI-SNR with the time-domain loss alone minus that with both losses",
        ANALOGUE,
        contrasts=(better("si_snr", TIME, SPECTRAL),),
        held_out=True,
    ),
    Claim(
        "analogue-spectral-loss-perception",
        "3.4",
        "The spectral loss serves the perceptual metrics.",
        "LSD saved, and PESQ gained, by adding the spectral loss",
        ANALOGUE,
        contrasts=(better("lsd", SPECTRAL, TIME, lower=True), better("pesq", SPECTRAL, TIME)),
        held_out=True,
    ),
    Claim(
        "analogue-one-shared-layer",
        "4.5",
        "Sharing the first layer helps.",
        "SI-SNR with one shared layer minus that with none",
        ANALOGUE,
        contrasts=(better("si_snr", "patch INR one shared layer", TIME),),
        held_out=True,
    ),
    Claim(
        "analogue-two-shared-layers",
        "4.5",
        "Sharing two layers helps less than sharing one.",
        "SI-SNR with one shared layer minus that with two",
        ANALOGUE,
        contrasts=(better("si_snr", "patch INR one shared layer", "patch INR two shared layers"),),
        held_out=True,
    ),
    Claim(
        "analogue-frequency-weighting",
        "4.6",
        "Frequency weighting improves MSE, LSD and SI-SNR.",
        "improvement of each metric by p = 1 over p = 0, both with the spectral loss",
        ANALOGUE,
        contrasts=tuple(
            better(metric, "patch INR weighted spectral loss", SPECTRAL, lower=lower)
            for metric, lower in (("mse", True), ("lsd", True), ("si_snr", False))
        ),
        held_out=True,
    ),
    Claim(
        "analogue-latents-sex",
        "4.8",
        "The representations separate male and female voices: here the mean latent of a clip.",
        "share of clips whose nearest neighbours of other voices name their sex, minus the share by chance",
        ANALOGUE,
        contrasts=(Contrast("same_sex", ((1.0, TIME),), sound=(TIME,)),),
    ),
)
