"""A trained cell: found, opened, and carried away as one file.

A cell is a folder of the results, or a file that `export` wrote: the tensors of its training and, as texts, `hsbench`
(the version), `cell` (its specification) and `numbers` (facts of its training). While such a file is used it lies in
a cell folder of its own. Nothing here trains what clips share, and nothing is written to the cell.
"""

from __future__ import annotations

import contextlib
import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import hsbench
from hsbench import registry
from hsbench.errors import DataError, UnknownNameError
from hsbench.files import canonical_json
from hsbench.models.base import NETWORK, Context
from hsbench.planning.job import Job
from hsbench.results import base_cell
from hsbench.results.store import CellFolder
from hsbench.spec import Cell, Resources

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hsbench.audio.clip import Clip
    from hsbench.audio.passages import Passages
    from hsbench.models.base import Model, Training
    from hsbench.results.store import Results


@contextlib.contextmanager
def opened(text: str, results: Results) -> Iterator[CellFolder]:
    """The folder of a cell.

    Args:
        text: its path, its name below the results, or the path of an exported file.
        results: where names are looked up.

    Raises:
        UnknownNameError: there is none.
        DataError: the file is damaged, or was not written by `export`.
    """
    path = Path(text)
    if path.is_file():
        with tempfile.TemporaryDirectory(prefix="hsbench-") as temporary:
            folder = CellFolder(Path(temporary))
            _unpack(path, folder)
            yield folder
    elif path.is_dir():
        yield CellFolder(path)
    elif text in results.cells():
        yield results.folder(text)
    else:
        raise UnknownNameError(f"cell below {results.root}", text, results.cells(), see="hsbench reconstruct --help")


def _unpack(file: Path, folder: CellFolder) -> None:
    from hsbench.fit import checkpoint

    try:
        texts = checkpoint.metadata(file) or {}
        cell, numbers = json.loads(texts["cell"]), json.loads(texts["numbers"])
        if not isinstance(cell, dict) or not isinstance(numbers, dict):
            raise ValueError
    except (KeyError, ValueError, RecursionError, OSError) as error:
        raise DataError(
            f"expected a file that hsbench export wrote, and {file} is damaged or of another kind; "
            "export the cell again."
        ) from error
    folder.write_spec(Cell.read(cell))
    folder.kept.mkdir(parents=True)
    (folder.kept / NETWORK).symlink_to(file.resolve())


def export(folder: CellFolder, output: Path) -> Cell:
    """Write what a cell learned into one file, and give the cell.

    Raises:
        DataError: its training is not finished, or it has none that clips share.
    """
    from hsbench.fit import checkpoint

    cell = folder.spec()
    found = checkpoint.read(base_cell.kept(folder, cell) / NETWORK)
    if found is None:
        _refuse_export(folder, cell)
    tensors, facts = found
    texts = {"hsbench": hsbench.__version__, "cell": canonical_json(cell.document())}
    checkpoint.write(output, tensors, facts, texts)
    return cell


def _refuse_export(folder: CellFolder, cell: Cell) -> NoReturn:
    """Say why a cell without a kept network has none."""
    with ready(folder, cell, Resources()):
        pass
    if any(folder.kept.glob("*")):
        raise DataError(
            f"{cell.model.name} keeps its training in another form than {NETWORK}; copy the files of {folder.kept}."
        )
    raise DataError(
        f"{cell.model.name} learns nothing that clips share, so {cell.folder} has nothing to export; what it stores of "
        f"each clip, its INR for one, is in {folder.all_weights}."
    )


@contextlib.contextmanager
def ready(folder: CellFolder, cell: Cell, resources: Resources) -> Iterator[tuple[Model, Context, dict[str, Any]]]:
    """A cell's model with what it learned, a context for it and the facts of its training."""
    rate, samples = clip_of(cell)
    with tempfile.TemporaryDirectory(prefix="hsbench-") as scratch:
        context = Context(
            seed=cell.seed,
            sample_rate=rate,
            samples=samples,
            switches=dict(cell.protocol.settings),
            training=dict(cell.budget.settings),
            device=resources.device,
            threads=resources.threads,
            scratch=Path(scratch),
            kept=base_cell.kept(folder, cell),
            record=lambda _row: None,
            progress=lambda _done, _total: None,
        )
        model = _made(folder, cell)
        facts = model.fit(_NoTraining(cell), context)
        yield model, context, dict(facts or {})


def _made(folder: CellFolder, cell: Cell) -> Model:
    """The model of a cell, untrained.

    Raises:
        DataError: it does not take the cell's settings.
    """
    kind, settings = registered(cell).load(), {**dict(cell.model.settings), **_places(folder, cell)}
    try:
        model: Model = kind(**settings)
    except TypeError as error:
        raise DataError(
            f"{cell.model.name} does not take the settings of {cell.folder} ({error}); it was not written by hsbench."
        ) from error
    return model


def _places(folder: CellFolder, cell: Cell) -> dict[str, Any]:
    """Where the last job of a cell found what its model reads.

    Raises:
        DataError: the model reads something, and no job says where it lies.
    """
    if not (wanted := registered(cell).places):
        return {}
    if not folder.job.exists():
        raise DataError(
            f"{cell.model.name} needs {', '.join(wanted)} and {cell.folder} does not say where; use --set in a run."
        )
    return dict(Job.read(folder.job).places)


class _NoTraining:
    """Stands where clips to train on would be: a model that asks for them has not finished its training."""

    def __init__(self, cell: Cell) -> None:
        self.cell = cell

    def _refusal(self) -> DataError:
        return DataError(
            f"expected a cell whose training is finished, and {self.cell.folder} has no whole {NETWORK}; finish it "
            "with hsbench run (--rerun all where it was cleaned away), or name another cell."
        )

    def __len__(self) -> int:
        raise self._refusal()

    def __getitem__(self, index: int) -> Clip:
        raise self._refusal()

    def __iter__(self) -> Iterator[Clip]:
        raise self._refusal()

    def first(self, count: int) -> Training:
        """Refuse."""
        del count
        raise self._refusal()

    def passages(self) -> Passages:
        """Refuse."""
        raise self._refusal()


def registered(cell: Cell) -> registry.Descriptor:
    """The registered model of a cell.

    Raises:
        DataError: it has another version than the cell.
    """
    descriptor = registry.get("models", cell.model.name)
    if descriptor.version != cell.model.version:
        raise DataError(
            f"{cell.folder} was made by version {cell.model.version} of {cell.model.name}, and this hsbench has "
            f"version {descriptor.version}; use the hsbench that made it, or run it anew."
        )
    return descriptor


def clip_of(cell: Cell) -> tuple[int, int]:
    """Sample rate [Hz] and samples of a cell's clips.

    Raises:
        DataError: the cell does not say.
    """
    found = dict(cell.corpus.settings)
    rate, samples = found.get("sample_rate"), found.get("samples")
    if not isinstance(rate, int) or not isinstance(samples, int) or min(rate, samples) < 1:
        raise DataError(
            f"{cell.folder} should say sample_rate and samples of its clips, got {rate!r} and {samples!r}; "
            "it was not written by hsbench."
        )
    return rate, samples
