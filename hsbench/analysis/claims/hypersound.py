"""Claims about HyperSound itself, read from the results of the tables where these were run."""

from __future__ import annotations

from hsbench.analysis.claims.base import HYPERSOUND, Claim, Contrast, better

FMLP, RAVE = "HyperSound FMLP 1x", "RAVE v1"
EXTRA = "claims-hypersound"


def _claim(name: str, section: str, says: str, test: str, experiment: str, *contrasts: Contrast) -> Claim:
    return Claim(name, section, says, test, HYPERSOUND, experiment, contrasts, held_out=True)


CLAIMS = (
    _claim(
        "time-loss-collapses",
        "3.3",
        "With the time-domain loss alone, the hypernetwork collapses to noise or silence.",
        "MSE with the time-domain loss alone minus that of silence; both losses together have to stand above silence",
        EXTRA,
        Contrast("mse", ((1.0, "FMLP time loss alone"), (-1.0, "silence")), sound=("FMLP",)),
    ),
    _claim(
        "augmentation",
        "3.3",
        "Without augmentation, the hypernetwork overfits and does not generalise.",
        "SI-SNR on held-out clips with augmentation minus that without",
        EXTRA,
        better("si_snr", "FMLP augmented", "FMLP not augmented", sound=("FMLP augmented",)),
    ),
    _claim(
        "losses-waveform-and-perception",
        "3.4",
        "The L1 loss serves waveform metrics, the spectral loss perceptual ones.",
        "SI-SNR with the L1 loss alone minus that with both; LSD saved and PESQ gained by the spectral loss",
        EXTRA,
        better("si_snr", "FMLP time loss alone", "FMLP", sound=("FMLP",)),
        better("lsd", "FMLP", "FMLP time loss alone", lower=True, sound=("FMLP",)),
        better("pesq", "FMLP", "FMLP time loss alone", sound=("FMLP",)),
    ),
    _claim(
        "plain-initialisation",
        "3.6",
        "Plain Xavier or Kaiming initialisation of the hypernetwork is not enough for an FMLP.",
        "SI-SNR with the initialisation of the paper minus that with Kaiming's and with Xavier's",
        EXTRA,
        better("si_snr", "FMLP", "FMLP plain kaiming", sound=("FMLP",)),
        better("si_snr", "FMLP", "FMLP plain xavier", sound=("FMLP",)),
    ),
    _claim(
        "siren-initialisation",
        "4.3",
        "Without its own initialisation, a hypernetwork for SIRENs learns nothing.",
        "MSE of the plainly initialised hypernetwork minus that of silence; the other has to stand above silence",
        EXTRA,
        Contrast("mse", ((1.0, "SIREN plain kaiming"), (-1.0, "silence")), sound=("SIREN",)),
    ),
    _claim(
        "siren-rate",
        "4.3",
        "A hypernetwork for SIRENs needs a lower learning rate.",
        "SI-SNR at the rate of SIREN minus that at the rate of FMLP",
        EXTRA,
        better("si_snr", "SIREN", "SIREN at the rate of FMLP", sound=("SIREN",)),
    ),
    _claim(
        "better-than-rave",
        "4.2",
        "HyperSound is better than RAVE in MSE and SI-SNR.",
        "MSE saved and SI-SNR gained over RAVE",
        "overview",
        better("mse", FMLP, RAVE, lower=True),
        better("si_snr", FMLP, RAVE),
    ),
    _claim(
        "worse-than-rave",
        "4.2",
        "HyperSound is worse than RAVE in LSD, PESQ and STOI.",
        "advantage of RAVE in each metric",
        "overview",
        better("lsd", RAVE, FMLP, lower=True),
        better("pesq", RAVE, FMLP),
        better("stoi", RAVE, FMLP),
    ),
    _claim(
        "over-parameterised",
        "4.2",
        "Over-parameterised target networks rebuild better.",
        "SI-SNR at compression ratio 0.125 minus that at 1",
        "table2b",
        better("si_snr", "0.125x", "1x"),
    ),
    _claim(
        "hypersound-omegas",
        "4.3",
        "Larger omegas improve the perceptual quality of generated SIRENs.",
        "LSD saved and STOI gained by 2000 / 100 over 30 / 30",
        "table2c",
        better("lsd", "2000 / 100", "30 / 30", lower=True),
        better("stoi", "2000 / 100", "30 / 30"),
    ),
    _claim(
        "fmlp-better-target",
        "4.3",
        "As a target of a hypernetwork, the FMLP gives better results than the SIREN.",
        "SI-SNR with FMLP targets minus that with SIREN targets",
        "overview",
        better("si_snr", FMLP, "HyperSound SIREN 1x"),
    ),
    _claim(
        "upper-bound",
        "4.4",
        "Individual INRs are better than HyperSound.",
        "SI-SNR of individual FMLPs (2x, 300 steps under quick) minus that of HyperSound (1x)",
        "overview",
        better("si_snr", "FMLP fitted 2x", FMLP),
    ),
    _claim(
        "first-layer-shared",
        "4.5",
        "Sharing the first layer helps; sharing two helps less.",
        "SI-SNR with the first layer shared minus that with none, and minus that with two",
        "table3",
        better("si_snr", "first layer shared", "standard"),
        better("si_snr", "first layer shared", "first two layers shared"),
    ),
    _claim(
        "frequency-weighting",
        "4.6",
        "Frequency weighting improves MSE, LSD and SI-SNR.",
        "improvement of each metric by p = 1 over p = 0",
        "table4",
        *(
            better(metric, "p = 1.0", "p = 0.0", lower=lower)
            for metric, lower in (("mse", True), ("lsd", True), ("si_snr", False))
        ),
    ),
    Claim(
        "hypersound-weights-voice",
        "4.8",
        "Generated weights cluster by speaker.",
        "share of clips whose nearest neighbours in weight space name their voice, minus the share by chance",
        HYPERSOUND,
        "figure4",
        (Contrast("same_voice", ((1.0, "HyperSound FMLP"),), sound=("HyperSound FMLP",)),),
    ),
    Claim(
        "hypersound-weights-sex",
        "4.8",
        "Generated weights separate male and female voices.",
        "share of clips whose nearest neighbours of other voices name their sex, minus the share by chance",
        HYPERSOUND,
        "figure4",
        (Contrast("same_sex", ((1.0, "HyperSound FMLP"),), sound=("HyperSound FMLP",)),),
    ),
)
