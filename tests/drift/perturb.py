"""A file for `--import` that introduces one fault into the process; HSBENCH_PERTURB names the fault.

Each function replaces code of hsbench or of a dependency, so that all other code runs as shipped.
"""

import os

import numpy as np


def swapped_arguments():
    """Swap reference and estimate of every metric."""
    from hsbench.metrics import suite

    original = suite.measure
    suite.measure = lambda descriptor, reference, estimate, *rest: original(descriptor, estimate, reference, *rest)


def wrong_rate():
    """Leave out the resampling for a metric that needs another sample rate."""
    from hsbench.metrics import suite

    suite._at = lambda signal, source, target: signal


def cdpam_scale_left_out():
    """Leave out the factor 32768 by which CDPAM scales waveforms."""
    from hsbench.metrics import learned

    learned.SCALE = 1


def another_resampler():
    """Resample by polyphase filtering in place of the windowed sinc."""
    from scipy.signal import resample_poly

    from hsbench.audio import resample

    resample.resample = lambda waveform, source, target: resample_poly(waveform, target, source).astype(np.float32)


def another_lsd_epsilon():
    """Use an epsilon of 1e-10 in the logarithm of LSD."""
    from hsbench.metrics import spectral

    spectral.EPS = 1e-10


def float16_waveform():
    """Round rebuilt waveforms to half precision before they are written."""
    from hsbench.execution import rebuilding

    original = rebuilding.write_wav
    rebuilding.write_wav = lambda path, waveform, rate: original(
        path, waveform.astype(np.float16).astype(np.float32), rate
    )


def another_width():
    """Make target networks an eighth narrower than the compression ratio requires."""
    from hsbench import widths

    original = widths.resolve

    def resolve(settings, switches, samples):
        resolved = original(settings, switches, samples)
        return {**resolved, "width": resolved["width"] * 7 // 8}

    widths.resolve = resolve


def wrong_initialisation():
    """Initialise SIREN as the reference code does: every layer is divided by the omega of the first layer."""
    from hsbench.models.inr.individual import IndividualINR

    original = IndividualINR._initial

    def initial(self, ids, context, device):
        context.switches["inr_siren_init"] = "omega_0"
        return original(self, ids, context, device)

    IndividualINR._initial = initial


def rounded_phases():
    """Round coordinates to the ten bits of mantissa of TensorFloat-32, in fitting and in decoding."""
    from hsbench.models.inr import individual

    original = individual.grid

    def grid(samples):
        import torch

        return ((original(samples).view(torch.int32) + 0x1000) & ~0x1FFF).view(torch.float32)

    individual.grid = grid


def shuffled_split():
    """Shuffle the clips in another order, so that other clips are scored and other clips are trained on."""
    from hsbench.corpora import base

    original = base.permutation
    base.permutation = lambda count, seed=0: original(count, 1)


def moved_speakers():
    """Exchange two speakers between training and validation."""
    from hsbench.corpora import demo

    demo.VALIDATION_SPEAKERS = demo.VALIDATION_SPEAKERS ^ {"k03", "k05"}


def another_learning_rate():
    """Raise the learning rate of every fit by a twentieth."""
    from hsbench.fit.recipe import Recipe

    original = Recipe.at

    def at(self, step):
        rate, beta = original(self, step)
        return 1.05 * rate, beta

    Recipe.at = at


def another_training_order():
    """Train the hypernetwork on the same clips in another order."""
    from hsbench.models.hypersound import training

    original = training.Batches

    def batches(passages, samples, rate, batch, epoch, key, device, **others):
        return original(passages, samples, rate, batch, epoch, lambda *names: key(*names) + 1, device, **others)

    training.Batches = batches


def nothing():
    """Leave the code as shipped, to test that the table is free of false alarms of its own making."""


globals()[os.environ["HSBENCH_PERTURB"]]()
