"""How far apart are fits that differ in nothing but the order in which numbers are added? Writes the answer down.

    python tests/drift/equivalent_fits.py [--clips 8] [--output baselines/equivalent_fits/spread.json]

Each clip is fitted five times, at the budgets smoke and quick, with tiles of five sizes: the same specification, the
same random numbers, sums in another order. Floating-point addition is not associative, so the last bits differ, and
training amplifies them. On one processor a fit is bit-equal every time; between processors, or on a GPU, it is one of
these. For every model, budget and metric the file holds

    clip_median   the median over clips of (largest - smallest value of the five fits)
    clip_max      the largest of these ranges
    mean_range    the range of the five means over clips
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from pathlib import Path

import torch

import hsbench
from hsbench import protocols, registry, widths
from hsbench.corpora.demo import DemoCorpus
from hsbench.files import write_json
from hsbench.models.base import Context
from hsbench.models.inr import steps
from hsbench.results import provenance
from hsbench.spec import PAPER_METRICS

TIMES = (1024, 512, 768, 1536, 2048)
MODELS = ("inr-fmlp", "inr-siren")
BUDGETS = ("smoke", "quick")


def fitted(name, budget, clips, times):
    """{clip id: waveform} of one fit of every clip with tiles of that many coordinates."""
    steps.TIMES = times
    descriptor = registry.model(name)
    switches = protocols.switches("fixed", descriptor.switches)
    with tempfile.TemporaryDirectory() as folder:
        context = Context(
            seed=0,
            sample_rate=22050,
            samples=32768,
            switches=switches,
            training=descriptor.budgets[budget],
            device="cpu",
            threads=torch.get_num_threads(),
            scratch=Path(folder),
            kept=Path(folder),
            record=lambda row: None,
            progress=lambda done, total: None,
        )
        model = descriptor.load()(**widths.resolve(descriptor.defaults, switches, 32768))
        return {made.clip_id: made.waveform for made in model.reconstruct(clips, context)}


def spread(name, budget, clips):
    """{metric: ranges} of five equivalent fits."""
    scores = []
    for times in TIMES:
        waveforms = fitted(name, budget, clips, times)
        scores.append(
            {clip.id: hsbench.score(clip.waveform, waveforms[clip.id], 22050, PAPER_METRICS) for clip in clips}
        )
        means = {m: round(statistics.fmean(s[m].value for s in scores[-1].values()), 4) for m in PAPER_METRICS}
        print(name, budget, times, means, flush=True)
    ranges = {}
    for metric in PAPER_METRICS:
        values = {clip.id: [run[clip.id][metric].value for run in scores] for clip in clips}
        by_clip = [max(runs) - min(runs) for runs in values.values()]
        means = [statistics.fmean(runs[number] for runs in values.values()) for number in range(len(TIMES))]
        ranges[metric] = {
            "clip_median": statistics.median(by_clip),
            "clip_max": max(by_clip),
            "mean_range": max(means) - min(means),
        }
    return ranges


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, default=8)
    parser.add_argument("--output", type=Path, default=Path("baselines/equivalent_fits/spread.json"))
    options = parser.parse_args()
    corpus = DemoCorpus()
    clips = [corpus.load(item) for item in corpus.manifest("validation").evaluation()[: options.clips]]
    facts = {
        "schema": 1,
        "corpus": "demo",
        "clips": options.clips,
        "fits": len(TIMES),
        "tile_sizes": list(TIMES),
        "cpu": provenance.cpu(),
        "torch": torch.__version__,
        "versions": {name: registry.model(name).version for name in MODELS},
    }
    facts["spread"] = {name: {budget: spread(name, budget, clips) for budget in BUDGETS} for name in MODELS}
    write_json(options.output, facts)
    print(json.dumps(facts["spread"], indent=1))


if __name__ == "__main__":
    main()
