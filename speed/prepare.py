"""Preparing 200 files: hsbench with one thread per core beside one, and beside a plain loop.

The plain loop is what a script would write: read, resample with a torchaudio Resample kept for its rate, cut, write
each block as a WAV file. All must give the same samples. The files are speech-like noise of 4 to 8 s at 48 kHz, made
here. Usage: python speed/prepare.py [--files 200] [--jobs 2] [--rounds 3]
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
    """Write the files."""
    speech = np.concatenate([known.speech(seed) for seed in range(12)])
    for number in range(count):
        length = RATE * (4 + number % 5)
        start = (number * 7919) % (speech.size - length) if speech.size > length else 0
        samples = np.resize(speech[start:], length)
        path = folder / f"v{number % 10:02}" / f"{number:05}.flac"
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, samples, RATE)


def plain(folder: Path, out: Path) -> bytes:
    """One process, one file after the other; gives all blocks."""
    kernel = Resample(
        RATE,
        22050,
        resampling_method="sinc_interp_kaiser",
        lowpass_filter_width=64,
        rolloff=0.9475937167399596,
        beta=14.769656459379492,
    )
    found = []
    for path in sorted(folder.rglob("*.flac")):
        samples, _ = soundfile.read(path, dtype="float32")
        low = kernel(torch.from_numpy(samples)).numpy()
        for block in range(low.size // BLOCK):
            target = out / f"{path.stem}-{block}.wav"
            soundfile.write(target, low[block * BLOCK : (block + 1) * BLOCK], 22050, subtype="PCM_16")
            found.append(soundfile.read(target, dtype="int16")[0].tobytes())
    return b"".join(found)


def ours(folder: Path, workers: int) -> bytes:
    """hsbench, into a fresh cache; gives all blocks."""
    os.environ["HSBENCH_CACHE"] = tempfile.mkdtemp()
    descriptor = registry.get("corpora", "folder")
    corpus = descriptor.load()(Source(folder, freeze(descriptor.defaults)))
    corpus.prepare(workers, lambda _done, _total: None)
    blocks = corpus._blocks.tobytes()
    shutil.rmtree(os.environ["HSBENCH_CACHE"])
    return bytes(blocks)


def measure(options: argparse.Namespace) -> list[bench.Line]:
    """Threads beside one thread and beside the plain loop."""
    torch.set_num_threads(1)
    results = set()
    with tempfile.TemporaryDirectory() as folder:
        root, out = Path(folder) / "in", Path(folder) / "out"
        out.mkdir()
        make(root, options.files)
        runs = [
            lambda: results.add(plain(root, out)),
            lambda: results.add(ours(root, 1)),
            lambda: results.add(ours(root, options.jobs)),
        ]
        rounds = [[bench.seconds(run) for run in runs] for _ in range(options.rounds)]
    assert len(results) == 1, "the samples differ"
    work = f"corpus prepare, {options.files} files, {options.jobs} threads"
    loop = statistics.median(one[0] / one[2] for one in rounds)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    remark = f"beside one thread; {loop:.2f} times a plain loop; same samples; this process took {peak:.0f} MB at most"
    return [bench.compared(work, [(one[1], one[2]) for one in rounds], at_least=1.7, remark=remark)]


def extra(parser: argparse.ArgumentParser) -> None:
    """How much to prepare."""
    parser.add_argument("--files", type=int, default=200)
    parser.add_argument("--jobs", type=int, default=2)


if __name__ == "__main__":
    bench.main(__doc__, measure, options=extra)
