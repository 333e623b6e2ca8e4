"""The trained networks that this machine has: list them, describe one, and verify one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hsbench.corpora.base import items
from hsbench.corpora.reopening import reopened
from hsbench.errors import DataError
from hsbench.metrics.base import info
from hsbench.networks import card, tensors
from hsbench.networks.library import Library
from hsbench.planning.resources import choose

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from hsbench.corpora.base import Corpus
    from hsbench.networks.card import NetworkFile

RELATIVE = 0.01
"""Largest relative difference of a score that another processor may make when it decodes the same network."""


@dataclass(frozen=True)
class Check:
    """What was found about a network.

    Attributes:
        name: its name.
        same: number of scores that are the same as on the card.
        different: a sentence for each score that differs.
        reason: why no clip could be rebuilt; "" where some were.
    """

    name: str
    same: int
    different: tuple[str, ...]
    reason: str = ""


def listed(folders: Sequence[Path] | None = None) -> tuple[list[str], list[str]]:
    """Return a line for each network, and a sentence for each file that is none although its name says so.

    Args:
        folders: folders to look into before those of the environment, of packages and of hsbench.
    """
    lines, damaged = [], []
    for name, path in sorted(Library(list(folders or ())).files.items()):
        try:
            network = card.read(path)
        except DataError as error:
            damaged.append(str(error))
            continue
        size = path.stat().st_size / 1e6
        facts = network.card
        lines.append(f"{name:48} {size:6.1f} MB  {facts.corpus} ({facts.description}), {facts.steps} steps")
    return lines, damaged


def facts(name: str, folders: Sequence[Path] | None = None) -> list[tuple[str, str]]:
    """Return the facts on the card of a network, as (key, value) texts.

    Raises:
        UnknownNameError: there is no such network.
        DataError: the file is damaged.
    """
    network = card.read(Library(list(folders or ())).need(name))
    shown = [("name", network.name), ("file", str(network.path)), ("model", network.cell.model.name)]
    shown += [("cell", network.cell.folder), ("key", network.cell.key)]
    document = network.card.document()
    scores = document.pop("scores")
    shown += [(key, str(value)) for key, value in document.items() if key != "schema"]
    for metric in dict.fromkeys(metric for of_clip in scores.values() for metric in of_clip):
        values = [of_clip[metric] for of_clip in scores.values() if metric in of_clip]
        shown.append((f"{info(metric).label}, mean of {len(values)} clips", f"{sum(values) / len(values):.4g}"))
    return shown


def verify(name: str, folders: Sequence[Path] | None = None) -> Check:
    """Check the tensors of a network, and the scores of the clips on its card.

    Args:
        name: beginning of its name, or path of its file.
        folders: folders to look into before those of the environment, of packages and of hsbench.

    Raises:
        UnknownNameError: there is no such network.
        DataError: the file is damaged, or its tensors are not those of its card or name.
    """
    path = Library(list(folders or ())).need(name)
    network = card.read(path)
    digest = tensors.digest(path)
    named = path.stem.rpartition("-")[2] if card.NAME.fullmatch(path.stem) else digest[:8]
    if digest != network.card.sha256 or not digest.startswith(named):
        raise DataError(
            f"{path} should hold tensors with the SHA-256 {network.card.sha256[:12]} and holds {digest[:12]}, so it "
            "was altered; restore the file."
        )
    part = network.cell.corpus
    corpus = reopened(part.name, part["fingerprint"])
    if corpus is None:
        return Check(network.name, 0, (), f"corpus {part.name} does not open here in the same form")
    same, different = 0, []
    for clip, wanted, now in _scores(network, corpus):
        for metric, value in wanted.items():
            if metric not in now:
                continue
            if abs(now[metric] - value) <= max(info(metric).tolerance, RELATIVE * abs(value)):
                same += 1
            else:
                different.append(f"clip {clip}, {metric}: {value:.6g} on the card, now {now[metric]:.6g}")
    return Check(network.name, same, tuple(different), "" if same or different else "the card has no scores")


def _scores(network: NetworkFile, corpus: Corpus) -> list[tuple[str, dict[str, float], dict[str, float]]]:
    """Return clip, scores on the card and scores now, for the waveform metrics of each clip on the card."""
    from hsbench.inference.network import load_network
    from hsbench.inference.opened import opened
    from hsbench.metrics.suite import Scorer
    from hsbench.results.store import Results

    known, compared = items(corpus), []
    with opened(str(network.path), Results(network.path.parent)) as folder:
        loaded = load_network(folder, choose("cpu"))
    with Scorer(network.cell.corpus["sample_rate"]) as scorer:
        for clip, on_card in network.card.scores.items():
            if clip not in known:
                continue
            reference = corpus.load(known[clip])
            wanted = {metric: value for metric, value in on_card.items() if metric in ("mse", "lsd", "si_snr")}
            rebuilt = loaded.rebuild(reference.waveform, reference.sample_rate, None, lambda _done, _total: None)
            ((_, scores),) = scorer.score([(clip, reference.waveform, rebuilt.waveform, list(wanted))])
            now = {metric: score.value for metric, score in scores.items() if score.value is not None}
            compared.append((clip, wanted, now))
    return compared
