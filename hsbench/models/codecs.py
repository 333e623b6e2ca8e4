"""Lossy codecs: what a few decades of coding do with the bits of a clip.

* `opus`: libopus through PyAV at a variable bit rate, up to a fifth off kbps on one clip; 24 kHz in and 48 kHz out of
  the codec, and the one resampler of the house goes there and back (RFC 6716).
* `mp3`: LAME through PyAV, constant bit rate, at the clip's own rate, which MPEG must know (ISO 11172-3, 13818-3).
* `mp3-soundfile`: LAME through libsndfile, which every installation has, at an average bit rate. It takes no kbps but a
  compression_level from 0 (largest) to below 1; at 22 050 Hz, 0.99, 0.9 and 0.8 give about 12, 29 and 46 kbit/s.

Alignment: an encoder delays the sound by its look-ahead and pads its last frame. The container (Ogg's pre-skip and
granule position, the LAME tag of an MP3 file) says by how much, and the decoder takes both away again; a rounding of
the rate is cut or padded at the end.

Payload: bits are those of the encoded packets. The container's own pages and header frame are not counted, since they
hold nothing of the sound and weigh up to a fifth of a clip of 1.5 s; for mp3-soundfile, which hands out whole files,
they are. Codecs store bits, not real numbers: numbers is 0, and there is no compression ratio in numbers.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

from hsbench.descriptors import ModelDescriptor
from hsbench.errors import BackendMissingError, UsageError
from hsbench.models.base import Payload
from hsbench.models.clipwise import Clipwise

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hsbench.audio.clip import Clip
    from hsbench.models.base import Context

DESCRIPTORS = [
    ModelDescriptor(
        name="opus",
        target="hsbench.models.codecs:Opus",
        summary="codec: Opus at a bit rate (libopus)",
        needs=("av", "torch", "torchaudio"),
        extra="codecs",
        defaults={"kbps": 24},
    ),
    ModelDescriptor(
        name="mp3",
        target="hsbench.models.codecs:MP3",
        summary="codec: MP3 at a constant bit rate (LAME)",
        needs=("av",),
        extra="codecs",
        defaults={"kbps": 32},
    ),
    ModelDescriptor(
        name="mp3-soundfile",
        target="hsbench.models.codecs:MP3SoundFile",
        summary="codec: MP3 at an average bit rate (LAME in libsndfile)",
        needs=("soundfile",),
        defaults={"compression_level": 0.9},
    ),
]

OPUS_IN = 24000
"""The least rate [Hz] of Opus that holds what a corpus at 22 050 Hz holds."""

MPEG_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)


class Opus(Clipwise):
    """Opus.

    Raises:
        UsageError: the bit rate is out of the codec's range.
    """

    name = "opus"

    def __init__(self, kbps: int) -> None:
        self.kbps = _checked(self.name, kbps, 6, 256)

    def rebuild(self, clip: Clip, context: Context) -> tuple[NDArray[np.floating], Payload]:
        """Encode and decode."""
        from hsbench.audio.resample import resample
        from hsbench.fit.precision import pin

        pin("cpu", context.threads)
        given = resample(clip.waveform, clip.sample_rate, OPUS_IN)
        file, size = _encode(given, OPUS_IN, "libopus", "flt", "ogg", self.kbps)
        decoded, rate = _decode(file)
        waveform = resample(decoded, rate, clip.sample_rate)
        return _fitted(waveform, clip.waveform.size), Payload(0, 8 * size)


class MP3(Clipwise):
    """MP3.

    Raises:
        UsageError: the bit rate is out of the codec's range.
    """

    name = "mp3"

    def __init__(self, kbps: int) -> None:
        self.kbps = _checked(self.name, kbps, 8, 320)

    def rebuild(self, clip: Clip, context: Context) -> tuple[NDArray[np.floating], Payload]:
        """Encode and decode."""
        del context
        _check_rate(self.name, clip)
        file, size = _encode(clip.waveform, clip.sample_rate, "libmp3lame", "fltp", "mp3", self.kbps)
        decoded, _ = _decode(file)
        return _fitted(decoded, clip.waveform.size), Payload(0, 8 * size)


class MP3SoundFile(Clipwise):
    """MP3 by libsndfile.

    Raises:
        UsageError: the compression level is not in [0, 1).
        BackendMissingError: this libsndfile writes no MP3.
    """

    name = "mp3-soundfile"

    def __init__(self, compression_level: float) -> None:
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
        """Encode and decode. A constant bit rate would come back late from libsndfile, so it is an average one."""
        del context
        import soundfile

        _check_rate(self.name, clip)
        buffer = io.BytesIO()
        soundfile.write(
            buffer,
            clip.waveform,
            clip.sample_rate,
            format="MP3",
            bitrate_mode="AVERAGE",
            compression_level=self.compression_level,
        )
        size = len(buffer.getvalue())
        buffer.seek(0)
        decoded, _ = soundfile.read(buffer, dtype="float32")
        return _fitted(decoded, clip.waveform.size), Payload(0, 8 * size)


def _encode(
    waveform: NDArray[np.float32], rate: int, codec: str, sample_format: str, container: str, kbps: int
) -> tuple[bytes, int]:
    """A file in memory, and how many bytes of it are packets of the codec."""
    import av

    buffer, size = io.BytesIO(), 0
    with av.open(buffer, "w", format=container) as output:
        stream = output.add_stream(codec, rate=rate, layout="mono")
        assert isinstance(stream, av.AudioStream)
        stream.bit_rate, stream.codec_context.format = 1000 * kbps, av.AudioFormat(sample_format)
        frame = av.AudioFrame.from_ndarray(waveform[None], format=sample_format, layout="mono")
        frame.sample_rate, frame.pts = rate, 0
        for one in (frame, None):  # None asks for what the encoder still holds
            for packet in stream.encode(one):
                size += packet.size
                output.mux(packet)
    return buffer.getvalue(), size


def _decode(file: bytes) -> tuple[NDArray[np.float32], int]:
    """Waveform [samples] without the encoder's delay, and its rate [Hz]."""
    import av

    with av.open(io.BytesIO(file), "r") as given:
        stream = given.streams.audio[0]
        parts = [frame.to_ndarray().reshape(-1) for frame in given.decode(stream)]
        return np.concatenate([np.zeros(0, np.float32), *parts]).astype(np.float32), stream.rate


def _fitted(waveform: NDArray[np.float32], samples: int) -> NDArray[np.float32]:
    """Cut or padded with zeros at the end."""
    return np.pad(waveform[:samples], (0, max(0, samples - waveform.size)))


def _checked(name: str, kbps: int, low: int, high: int) -> int:
    if not low <= kbps <= high:
        raise UsageError(f"{name}.kbps expects {low} to {high} kbit/s, got {kbps}.")
    return kbps


def _check_rate(name: str, clip: Clip) -> None:
    if clip.sample_rate not in MPEG_RATES:
        raise UsageError(
            f"{name} expects a clip at one of the rates of MPEG ({', '.join(map(str, MPEG_RATES))} Hz), "
            f"got {clip.sample_rate} Hz; prepare the corpus at one of these."
        )
