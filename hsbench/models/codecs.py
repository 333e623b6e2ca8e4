"""Lossy audio codecs as baselines: Opus and MP3.

* `opus`: libopus through PyAV at a variable bitrate (RFC 6716); the bitrate of a single clip differs from `kbps` by up
  to 20 %. The clip is resampled to 24 kHz for the encoder and from the decoder's 48 kHz back to its own rate, by
  hsbench.audio.resample.
* `mp3`: LAME through PyAV at a constant bitrate and at the clip's own sample rate, which must be a rate of MPEG audio
  (ISO 11172-3 and 13818-3).
* `mp3-soundfile`: LAME through libsndfile, which every installation has, at an average bitrate. The setting is not a
  bitrate but a compression_level from 0 (largest file) to below 1; at 22 050 Hz the levels 0.99, 0.9 and 0.8 give about
  12, 29 and 46 kbit/s.

Alignment: an encoder delays the sound by its look-ahead and pads its last frame. The container states both (Ogg's
pre-skip and granule position, the LAME tag of an MP3 file), and the decoder removes both. Resampling may change the
length by a sample; the estimate is cut or padded with zeros at its end. With `aligned`, a lag that is left is measured
by cross-correlation for each clip, removed, and kept as the fact `lag` (in samples, positive for a late estimate).

Payload: the bits of the encoded packets. Pages and headers of the container are not counted, because they carry no
sound and take up to 20 % of a clip of 1.5 s. Only mp3-soundfile counts the whole file, because libsndfile gives no
access to packets. A codec stores bits and not real numbers: `numbers` is 0 and no compression ratio is defined.
"""

from __future__ import annotations

import dataclasses
import io
from typing import TYPE_CHECKING

import numpy as np

from hsbench.audio.lag import advanced, best_match
from hsbench.descriptors import ModelDescriptor
from hsbench.errors import BackendMissingError, UsageError
from hsbench.interrupts import deferred
from hsbench.models.base import Payload
from hsbench.models.clipwise import Clipwise

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from hsbench.audio.clip import Clip
    from hsbench.models.base import Context, Reconstruction

ALIGNMENT = {"aligned": False}
"""Whether a lag is measured and removed; before there was a choice, none was."""

DESCRIPTORS = [
    ModelDescriptor(
        name="opus",
        target="hsbench.models.codecs:Opus",
        summary="codec: Opus at a bitrate (libopus)",
        trains=False,
        needs=("av", "torch", "torchaudio"),
        extra="codecs",
        defaults={"kbps": 24, **ALIGNMENT},
        neutral=ALIGNMENT,
    ),
    ModelDescriptor(
        name="mp3",
        target="hsbench.models.codecs:MP3",
        summary="codec: MP3 at a constant bitrate (LAME)",
        trains=False,
        needs=("av",),
        extra="codecs",
        defaults={"kbps": 32, **ALIGNMENT},
        neutral=ALIGNMENT,
    ),
    ModelDescriptor(
        name="mp3-soundfile",
        target="hsbench.models.codecs:MP3SoundFile",
        summary="codec: MP3 at an average bitrate (LAME in libsndfile)",
        trains=False,
        needs=("soundfile",),
        defaults={"compression_level": 0.9, **ALIGNMENT},
        neutral=ALIGNMENT,
    ),
]

OPUS_IN = 24000
"""Sample rate [Hz] at which clips enter Opus: its lowest rate that holds the band of a corpus at 22 050 Hz."""

MPEG_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
"""Sample rates [Hz] of MPEG audio."""


class Codec(Clipwise):
    """A codec, whose estimate may be aligned with the clip.

    Args:
        aligned: whether to measure and remove the lag of each estimate.
    """

    def __init__(self, aligned: bool) -> None:
        self.aligned = aligned

    def reconstruct(self, clips: Sequence[Clip], context: Context) -> Iterator[Reconstruction]:
        """Encode and decode clips one by one, and align the estimates if asked."""
        for clip, made in zip(clips, super().reconstruct(clips, context), strict=True):
            if not self.aligned:
                yield made
                continue
            lag = best_match(clip.waveform, made.waveform).lag
            yield dataclasses.replace(made, waveform=advanced(made.waveform, lag), facts={"lag": lag})


class Opus(Codec):
    """Encode and decode clips by Opus.

    Args:
        kbps: target bitrate, 6 to 256 kbit/s.
        aligned: whether to measure and remove the lag of each estimate.

    Raises:
        UsageError: the bitrate is outside this range.
    """

    name = "opus"

    def __init__(self, kbps: int, aligned: bool = False) -> None:
        super().__init__(aligned)
        self.kbps = _check_kbps(self.name, kbps, 6, 256)

    def rebuild(self, clip: Clip, context: Context) -> tuple[NDArray[np.floating], Payload]:
        """Resample, encode, decode and resample back; return the estimate and the bits of its packets."""
        from hsbench.audio.resample import resample
        from hsbench.fit.precision import pin

        pin("cpu", context.threads)
        at_codec_rate = resample(clip.waveform, clip.sample_rate, OPUS_IN)
        file, size = _encode(at_codec_rate, OPUS_IN, "libopus", "flt", "ogg", self.kbps)
        decoded, rate = _decode(file)
        waveform = resample(decoded, rate, clip.sample_rate)
        return _cut_or_pad(waveform, clip.waveform.size), Payload(0, 8 * size)


class MP3(Codec):
    """Encode and decode clips by MP3 at a constant bitrate.

    Args:
        kbps: bitrate, 8 to 320 kbit/s.
        aligned: whether to measure and remove the lag of each estimate.

    Raises:
        UsageError: the bitrate is outside this range.
    """

    name = "mp3"

    def __init__(self, kbps: int, aligned: bool = False) -> None:
        super().__init__(aligned)
        self.kbps = _check_kbps(self.name, kbps, 8, 320)

    def rebuild(self, clip: Clip, context: Context) -> tuple[NDArray[np.floating], Payload]:
        """Encode and decode; return the estimate and the bits of its packets."""
        del context
        _check_rate(self.name, clip)
        file, size = _encode(clip.waveform, clip.sample_rate, "libmp3lame", "fltp", "mp3", self.kbps)
        decoded, _ = _decode(file)
        return _cut_or_pad(decoded, clip.waveform.size), Payload(0, 8 * size)


class MP3SoundFile(Codec):
    """Encode and decode clips by MP3 through libsndfile, at an average bitrate.

    Args:
        compression_level: 0 (largest file) to below 1 (smallest file).
        aligned: whether to measure and remove the lag of each estimate.

    Raises:
        UsageError: the compression level is outside this range.
        BackendMissingError: the installed libsndfile cannot write MP3.
    """

    name = "mp3-soundfile"

    def __init__(self, compression_level: float, aligned: bool = False) -> None:
        super().__init__(aligned)
        import soundfile

        if not 0 <= compression_level < 1:
            raise UsageError(f"{self.name}.compression_level expects 0 to below 1, got {compression_level}.")
        if "MP3" not in soundfile.available_formats():
            raise BackendMissingError(
                f"{self.name} needs a libsndfile that writes MP3 (1.1 or later), and this is "
                f"{soundfile.__libsndfile_version__}; install one with: pip install --upgrade soundfile"
            )
        self.compression_level = compression_level

    def rebuild(self, clip: Clip, context: Context) -> tuple[NDArray[np.floating], Payload]:
        """Encode and decode; return the estimate and the bits of the whole file.

        The bitrate is an average one because libsndfile does not remove the encoder's delay at a constant bitrate.
        """
        del context
        from hsbench.audio.memory import decode, encode

        _check_rate(self.name, clip)
        file = encode(
            clip.waveform,
            clip.sample_rate,
            format="MP3",
            bitrate_mode="AVERAGE",
            compression_level=self.compression_level,
        )
        return _cut_or_pad(decode(file), clip.waveform.size), Payload(0, 8 * len(file))


@deferred()  # FFmpeg calls Python for each access to the file
def _encode(
    waveform: NDArray[np.float32], rate: int, codec: str, sample_format: str, container: str, kbps: int
) -> tuple[bytes, int]:
    """Encode a clip into a file in memory.

    Args:
        waveform: [samples].
        rate: sample rate in Hz.
        codec: FFmpeg's name of the encoder.
        sample_format: FFmpeg's name of the sample format that the encoder reads.
        container: FFmpeg's name of the file format.
        kbps: target bitrate in kbit/s.

    Returns:
        The file, and how many of its bytes are packets of the codec.
    """
    import av

    buffer, size = io.BytesIO(), 0
    with av.open(buffer, "w", format=container) as output:
        stream = output.add_stream(codec, rate=rate, layout="mono")
        assert isinstance(stream, av.AudioStream)
        stream.bit_rate, stream.codec_context.format = 1000 * kbps, av.AudioFormat(sample_format)
        frame = av.AudioFrame.from_ndarray(waveform[None], format=sample_format, layout="mono")
        frame.sample_rate, frame.pts = rate, 0
        for frame_or_end in (frame, None):  # None makes the encoder write the packets that it still buffers
            for packet in stream.encode(frame_or_end):
                size += packet.size
                output.mux(packet)
    return buffer.getvalue(), size


@deferred()
def _decode(file: bytes) -> tuple[NDArray[np.float32], int]:
    """Return the waveform of a file, [samples] without the encoder's delay, and its sample rate in Hz."""
    import av

    with av.open(io.BytesIO(file), "r") as container:
        stream = container.streams.audio[0]
        parts = [frame.to_ndarray().reshape(-1) for frame in container.decode(stream)]
        return np.concatenate([np.zeros(0, np.float32), *parts]).astype(np.float32), stream.rate


def _cut_or_pad(waveform: NDArray[np.float32], samples: int) -> NDArray[np.float32]:
    """Cut a waveform to a number of samples, or pad it with zeros at its end."""
    return np.pad(waveform[:samples], (0, max(0, samples - waveform.size)))


def _check_kbps(name: str, kbps: int, low: int, high: int) -> int:
    """Return the bitrate if it lies within the codec's range."""
    if not low <= kbps <= high:
        raise UsageError(f"{name}.kbps expects {low} to {high} kbit/s, got {kbps}.")
    return kbps


def _check_rate(name: str, clip: Clip) -> None:
    """Refuse a clip whose sample rate MPEG audio does not know."""
    if clip.sample_rate not in MPEG_RATES:
        raise UsageError(
            f"{name} expects a clip at one of the rates of MPEG ({', '.join(map(str, MPEG_RATES))} Hz), "
            f"got {clip.sample_rate} Hz; prepare the corpus at one of these."
        )
