"""Claims that INRs decide which are fitted to one clip each; the rows are those of the experiment `claims`."""

from __future__ import annotations

from hsbench.analysis.claims.base import INDIVIDUAL, Claim, Contrast, better

BOTH = ("FMLP", "SIREN")

CLAIMS = (
    Claim(
        "siren-beats-fmlp",
        "4.4",
        "Fitted to one signal, SIRENs work better than FMLPs.",
        "SI-SNR of SIREN minus that of FMLP, as many parameters and steps",
        INDIVIDUAL,
        contrasts=(better("si_snr", "SIREN", "FMLP"),),
    ),
    Claim(
        "siren-beats-fmlp-perceptually",
        "4.4",
        "The advantage of fitted SIRENs holds in perceptual metrics too (PESQ and STOI of Table 2d).",
        "PESQ and STOI of SIREN minus those of FMLP",
        INDIVIDUAL,
        contrasts=(better("pesq", "SIREN", "FMLP"), better("stoi", "SIREN", "FMLP")),
    ),
    Claim(
        "siren-lsd",
        "4.4",
        "In LSD, fitted SIRENs and FMLPs are practically equal (1.40 and 1.39 in Table 2d).",
        "LSD of FMLP minus that of SIREN, which may be 0.1 worse",
        INDIVIDUAL,
        contrasts=(Contrast("lsd", ((-1.0, "SIREN"), (1.0, "FMLP")), threshold=-0.1, sound=BOTH),),
    ),
    Claim(
        "relu-bears-noise",
        "4.4",
        "ReLU networks bear perturbed weights better than SIRENs (stated as a hypothesis).",
        "SI-SNR that noise of 1 % of the weights costs a SIREN, minus what it costs an FMLP",
        INDIVIDUAL,
        contrasts=(
            Contrast(
                "si_snr",
                ((1.0, "SIREN"), (-1.0, "SIREN noisy weights"), (-1.0, "FMLP"), (1.0, "FMLP noisy weights")),
                sound=BOTH,
            ),
        ),
    ),
    Claim(
        "siren-lower-rate",
        "4.3",
        "SIRENs need a lower learning rate than FMLPs to converge.",
        "SI-SNR that a tenfold rate (1e-2 instead of 1e-3) costs a SIREN, plus what it gains an FMLP",
        INDIVIDUAL,
        contrasts=(
            Contrast(
                "si_snr",
                ((1.0, "SIREN"), (-1.0, "SIREN rate 1e-2"), (1.0, "FMLP"), (-1.0, "FMLP rate 1e-3")),
                sound=BOTH,
            ),
        ),
    ),
    Claim(
        "siren-own-initialisation",
        "3.6",
        "SIRENs need their own initialisation.",
        "SI-SNR of SIREN minus that of a SIREN with Kaiming's bound, which is not divided by omega",
        INDIVIDUAL,
        contrasts=(better("si_snr", "SIREN", "SIREN plain initialisation", sound=("SIREN",)),),
    ),
    Claim(
        "larger-omega-0",
        "4.3",
        "A larger omega_0 improves perceptual scores.",
        "PESQ and STOI at omega_0 = 2000 minus those at 100",
        INDIVIDUAL,
        contrasts=(
            better("pesq", "SIREN", "SIREN omega_0 100", sound=("SIREN",)),
            better("stoi", "SIREN", "SIREN omega_0 100", sound=("SIREN",)),
        ),
    ),
    Claim(
        "larger-omega-i",
        "4.3",
        "A larger omega_i makes training unstable.",
        "SI-SNR at omega_i = 30 minus that at 100, same learning rate",
        INDIVIDUAL,
        contrasts=(better("si_snr", "SIREN", "SIREN omega_i 100", sound=("SIREN",)),),
    ),
    Claim(
        "thirty-clips",
        "4.4",
        "A few tens of clips suffice for the upper bound, since the means quickly stabilise.",
        "minus half the width of the 95 % interval of a mean of 30 clips, for FMLP and SIREN; supported above -1 dB",
        INDIVIDUAL,
        contrasts=(
            Contrast("si_snr", ((1.0, "FMLP"),), threshold=-1.0, sound=("FMLP",), statistic="width"),
            Contrast("si_snr", ((1.0, "SIREN"),), threshold=-1.0, sound=("SIREN",), statistic="width"),
        ),
    ),
    Claim(
        "more-parameters",
        "4.2",
        "Larger target networks represent a signal better.",
        "SI-SNR of an FMLP at compression ratio 2 minus that at 8, same steps",
        INDIVIDUAL,
        contrasts=(better("si_snr", "FMLP", "FMLP 8x"),),
    ),
    Claim(
        "low-frequencies-first",
        "3.3",
        "Neural networks tend to fit low frequencies first.",
        "relative error of an FMLP above a quarter of the sample rate minus that below",
        INDIVIDUAL,
        contrasts=(Contrast("error_contrast", ((1.0, "FMLP"),), sound=("FMLP",)),),
    ),
    Claim(
        "any-rate-below",
        "1",
        "An INR represents the signal at any sample rate: below the Nyquist frequency of its fit.",
        "fitted at half the rate and evaluated at the full rate, error below the Nyquist frequency of the fit relative "
        "to silence, with the sign turned, for FMLP and SIREN",
        INDIVIDUAL,
        contrasts=(
            Contrast("error_below", ((-1.0, "FMLP half the rate"),)),
            Contrast("error_below", ((-1.0, "SIREN half the rate"),)),
        ),
    ),
    Claim(
        "any-rate-above",
        "1",
        "An INR represents the signal at any sample rate: above the Nyquist frequency of its fit.",
        "fitted at half the rate and evaluated at the full rate, error above the Nyquist frequency of the fit relative "
        "to silence, with the sign turned, for FMLP and SIREN; a resampler adds nothing there and has 0",
        INDIVIDUAL,
        contrasts=(
            Contrast("error_above", ((-1.0, "FMLP half the rate"),)),
            Contrast("error_above", ((-1.0, "SIREN half the rate"),)),
        ),
    ),
    Claim(
        "any-rate-resampler",
        "1",
        "An INR is an alternative to resampling.",
        "SI-SNR at the full rate of an INR fitted at half the rate (FMLP, SIREN) minus that of a resampler",
        INDIVIDUAL,
        contrasts=(
            better("si_snr", "FMLP half the rate", "decimation 2x"),
            better("si_snr", "SIREN half the rate", "decimation 2x"),
        ),
    ),
    Claim(
        "weights-voice",
        "4.8",
        "The weights of INRs cluster by speaker: here INRs that were fitted from one start.",
        "share of clips whose nearest neighbours in weight space name their voice, minus the share by chance",
        INDIVIDUAL,
        contrasts=(Contrast("same_voice", ((1.0, "FMLP one start"),), sound=("FMLP one start",)),),
    ),
    Claim(
        "weights-sex",
        "4.8",
        "The weights of INRs separate male and female voices: here INRs that were fitted from one start.",
        "share of clips whose nearest neighbours of other voices name their sex, minus the share by chance",
        INDIVIDUAL,
        contrasts=(Contrast("same_sex", ((1.0, "FMLP one start"),), sound=("FMLP one start",)),),
    ),
)
