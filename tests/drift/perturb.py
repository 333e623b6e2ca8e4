"""An `--import` file that breaks one thing in the process that reads it; HSBENCH_PERTURB names the thing.

Each function replaces code of hsbench or of a dependency, so that the shipped code runs around the fault.
"""

import os

import numpy as np


def swapped_arguments():
    """Every metric gets the estimate as its reference."""
    from hsbench.metrics import suite

    right = suite.measure
    suite.measure = lambda descriptor, reference, estimate, *rest: right(descriptor, estimate, reference, *rest)


def wrong_rate():
    """A metric that needs another rate gets the samples as they are."""
    from hsbench.metrics import suite

    suite._at = lambda signal, source, target: signal


def cdpam_scale_left_out():
    from hsbench.metrics import learned

    learned.SCALE = 1


def another_resampler():
    """Polyphase filtering in place of the windowed sinc."""
    from scipy.signal import resample_poly

    from hsbench.audio import resample

    resample.resample = lambda waveform, source, target: resample_poly(waveform, target, source).astype(np.float32)


def another_lsd_epsilon():
    from hsbench.metrics import spectral

    spectral.EPS = 1e-10


def float16_waveform():
    """What a model rebuilt is rounded to half precision before it is kept."""
    from hsbench.execution import rebuilding

    right = rebuilding.write_wav
    rebuilding.write_wav = lambda path, waveform, rate: right(path, waveform.astype(np.float16).astype(np.float32), rate)


def another_width():
    """Target networks an eighth narrower than the compression ratio asks for."""
    from hsbench import widths

    right = widths.resolve

    def resolve(settings, switches, samples):
        made = right(settings, switches, samples)
        return {**made, "width": made["width"] * 7 // 8}

    widths.resolve = resolve


def wrong_initialisation():
    """The SIREN initialisation of the reference code: divided by the first layer's omega everywhere."""
    from hsbench.models.inr.individual import IndividualINR

    right = IndividualINR._initial

    def initial(self, ids, context, device):
        context.switches["inr_siren_init"] = "omega_0"
        return right(self, ids, context, device)

    IndividualINR._initial = initial


def rounded_phases():
    """Coordinates with the ten bits of mantissa that TensorFloat-32 keeps, in fitting and playing."""
    from hsbench.models.inr import individual

    right = individual.grid

    def grid(samples):
        import torch

        return ((right(samples).view(torch.int32) + 0x1000) & ~0x1FFF).view(torch.float32)

    individual.grid = grid


def shuffled_split():
    """Another order of the clips: others are scored, and others are trained on."""
    from hsbench.corpora import base

    right = base.permutation
    base.permutation = lambda count, seed=0: right(count, 1)


def moved_speakers():
    """Two speakers change sides between training and validation."""
    from hsbench.corpora import demo

    demo.VALIDATION_SPEAKERS = demo.VALIDATION_SPEAKERS ^ {"k03", "k05"}


def another_learning_rate():
    """A twentieth more, in every fit."""
    from hsbench.fit.loop import Recipe

    right = Recipe.at

    def at(self, step):
        rate, beta = right(self, step)
        return 1.05 * rate, beta

    Recipe.at = at


def another_training_order():
    """The hypernetwork sees other clips first."""
    from hsbench.models.hypersound import training

    right = training.Batches

    def batches(passages, samples, rate, batch, epoch, key, device, **others):
        return right(passages, samples, rate, batch, epoch, lambda *names: key(*names) + 1, device, **others)

    training.Batches = batches


def nothing():
    """The code as shipped, to see that the table's machinery raises no alarm by itself."""


globals()[os.environ["HSBENCH_PERTURB"]]()
