"""Reconstruct an audio file: each channel by itself, at the file's own rate and length or at another rate."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from hsbench.audio.io import read_channels, resampling_problem
from hsbench.audio.resample import resample
from hsbench.errors import DataError
from hsbench.inference.network import Rebuilt, checked_sound

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hsbench.inference.network import Network


def rebuild_file(
    network: Network, audio: Path, sample_rate: int | None, progress: Callable[[float, float], None]
) -> Rebuilt:
    """Reconstruct an audio file.

    Args:
        network: a trained network.
        audio: audio file of any length, sample rate and number of channels.
        sample_rate: sample rate at which a function of time is evaluated [Hz]. None: it is evaluated at its own rate,
            and the result is resampled to that of the file, since a network was only ever trained at its own samples
            and can be anything between them.
        progress: called with (done, total) clips.

    Returns:
        The sound, [samples], or [samples, channels] where the file has several channels.

    Raises:
        DataError: the file cannot be read, or has an impossible sample rate, no samples or some that are not finite.
        UsageError: another sample rate is requested from a model that is not a function of time.
    """
    channels, rate = read_channels(audio)
    if problem := resampling_problem(rate, network.sample_rate):
        raise DataError(f"{audio} {problem}.")
    rebuilt = []
    for number, channel in enumerate(channels):
        sound = checked_sound(channel, audio)

        def report(done: float, total: float, number: int = number) -> None:
            progress(number * total + done, len(channels) * total)

        rebuilt.append(network.rebuild(sound, rate, sample_rate, report))
    if sample_rate is None:
        rebuilt = [_at(channel, rate, len(channels[0])) for channel in rebuilt]
    waveforms = [channel.waveform for channel in rebuilt]
    return dataclasses.replace(
        rebuilt[0],
        waveform=waveforms[0] if len(waveforms) == 1 else np.stack(waveforms, axis=1),
        clips=sum(channel.clips for channel in rebuilt),
        complaints=tuple(dict.fromkeys(phrase for channel in rebuilt for phrase in channel.complaints)),
    )


def _at(rebuilt: Rebuilt, rate: int, samples: int) -> Rebuilt:
    """Return a sound at the rate and length of the file that it was rebuilt from."""
    if rebuilt.sample_rate == rate:
        return rebuilt
    waveform = resample(rebuilt.waveform, rebuilt.sample_rate, rate)[:samples]
    waveform = np.pad(waveform, (0, samples - waveform.size))
    return dataclasses.replace(rebuilt, waveform=waveform, sample_rate=rate)
