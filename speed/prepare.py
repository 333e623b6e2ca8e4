"""Preparing 200 files: hsbench with one thread per core beside one, and beside a plain loop.

The plain loop is what a script would write: read, resample with a torchaudio Resample kept for its rate, cut, write
each block as a WAV file. All must give the same samples. The files are speech-like noise of 4 to 8 s at 48 kHz, made
here. Usage: python speed/prepare.py [--files 200] [--jobs 2] [--repeats 3]
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile
import torch
from torchaudio.transforms import Resample

from hsbench import registry
from hsbench.corpora.base import Source
from hsbench.metrics import known
from hsbench.spec import freeze

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


def main() -> None:
    """Print medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=200)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        root, out = Path(folder) / "in", Path(folder) / "out"
        out.mkdir()
        make(root, options.files)
        runs = {
            "plain loop": lambda: plain(root, out),
            "hsbench, one thread": lambda: ours(root, 1),
            f"hsbench, {options.jobs} threads": lambda: ours(root, options.jobs),
        }
        times: dict[str, list[float]] = {name: [] for name in runs}
        results = set()
        for _ in range(options.repeats):
            for name, run in runs.items():
                start = time.perf_counter()
                results.add(run())
                times[name].append(time.perf_counter() - start)
    assert len(results) == 1, "the samples differ"
    print(f"{options.files} files of 4 to 8 s at {RATE} Hz, torch {torch.__version__}")
    pooled = times[f"hsbench, {options.jobs} threads"]
    for name, seconds in times.items():
        ratio = statistics.median(a / b for a, b in zip(seconds, pooled, strict=True))
        print(f"{name:24} {statistics.median(seconds):6.2f} s, {ratio:.2f} times that of the threads")
    print(f"peak memory of this process {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
