"""Measure the preparation of a corpus of 200 files: hsbench with one thread per core, with one thread, and plain code.

The plain code is a loop as a script would have it: read a file, resample it with one torchaudio Resample object that is
used for all files, cut it, and write each block as a WAV file. All three must give the same samples. This script writes
the files itself: speech-like noise of 4 to 8 s at 48 kHz.
Usage: python speed/prepare.py [--files 200] [--jobs 2] [--rounds 3]
"""

from __future__ import annotations

import os
import resource
import shutil
import statistics
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import soundfile
import torch
from torchaudio.transforms import Resample

import bench
from hsbench import registry
from hsbench.corpora.base import Source
from hsbench.metrics import known
from hsbench.spec import freeze

if TYPE_CHECKING:
    import argparse

RATE, BLOCK = 48000, 32768


def make(folder: Path, count: int) -> None:
    """Write so many audio files, for ten speakers, below a folder."""
    speech = np.concatenate([known.speech(seed) for seed in range(12)])
    for number in range(count):
        length = RATE * (4 + number % 5)
        start = (number * 7919) % (speech.size - length) if speech.size > length else 0
        samples = np.resize(speech[start:], length)
        path = folder / f"v{number % 10:02}" / f"{number:05}.flac"
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, samples, RATE)


def plain(folder: Path, out: Path) -> bytes:
    """Prepare the files in one process, one after the other; return all blocks as 16-bit samples."""
    kernel = Resample(
        RATE,
        22050,
        resampling_method="sinc_interp_kaiser",
        lowpass_filter_width=64,
        rolloff=0.9475937167399596,
        beta=14.769656459379492,
    )
    blocks = []
    for path in sorted(folder.rglob("*.flac")):
        samples, _ = soundfile.read(path, dtype="float32")
        low = kernel(torch.from_numpy(samples)).numpy()
        for block in range(low.size // BLOCK):
            target = out / f"{path.stem}-{block}.wav"
            soundfile.write(target, low[block * BLOCK : (block + 1) * BLOCK], 22050, subtype="PCM_16")
            blocks.append(soundfile.read(target, dtype="int16")[0].tobytes())
    return b"".join(blocks)


def ours(folder: Path, workers: int) -> bytes:
    """Prepare the files with hsbench in an empty cache; return all blocks as 16-bit samples."""
    os.environ["HSBENCH_CACHE"] = tempfile.mkdtemp()
    descriptor = registry.get("corpora", "folder")
    corpus = descriptor.load()(Source(folder, freeze(descriptor.defaults)))
    corpus.prepare(workers, lambda _done, _total: None)
    blocks = corpus._blocks.tobytes()
    shutil.rmtree(os.environ["HSBENCH_CACHE"])
    return bytes(blocks)


def measure(options: argparse.Namespace) -> list[bench.Line]:
    """Measure the three ways; the row compares one thread per core with one thread."""
    torch.set_num_threads(1)
    outcomes = set()
    with tempfile.TemporaryDirectory() as folder:
        root, out = Path(folder) / "in", Path(folder) / "out"
        out.mkdir()
        make(root, options.files)
        runs = [
            lambda: outcomes.add(plain(root, out)),
            lambda: outcomes.add(ours(root, 1)),
            lambda: outcomes.add(ours(root, options.jobs)),
        ]
        rounds = [[bench.seconds(run) for run in runs] for _ in range(options.rounds)]
    assert len(outcomes) == 1, "the samples differ"
    work = f"corpus prepare, {bench.counted(options.files, 'file')}, {bench.counted(options.jobs, 'thread')}"
    plain_ratio = statistics.median(loop / threaded for loop, _, threaded in rounds)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    remark = (
        f"compared with one thread; {plain_ratio:.2f} times as fast as a plain loop; same samples; "
        f"peak memory of this process {peak:.0f} MB"
    )
    return [bench.compared(work, [(single, threaded) for _, single, threaded in rounds], at_least=1.7, remark=remark)]


def extra(parser: argparse.ArgumentParser) -> None:
    """Add the options that choose the amount of work."""
    parser.add_argument("--files", type=int, default=200)
    parser.add_argument("--jobs", type=int, default=2)


if __name__ == "__main__":
    bench.main(__doc__, measure, options=extra)
