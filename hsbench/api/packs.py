"""Results in one file: pack a results folder, and check a packed one."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from hsbench import registry
from hsbench.errors import IncompleteError, UsageError, storage_error
from hsbench.packing.findings import OK as OK
from hsbench.packing.findings import UNCHECKED as UNCHECKED
from hsbench.packing.findings import WRONG as WRONG
from hsbench.results.store import Results
from hsbench.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from hsbench.packing.findings import Verification as Verification

SUFFIX = ".hsr"


def pack(results: Path, output: Path, experiments: Sequence[str] | None = None) -> tuple[str, tuple[str, ...]]:
    """Write records, streams and some sound of a results folder into one file that others can check.

    Args:
        results: results folder.
        output: the file to write; its name ends with .hsr.
        experiments: names of experiments; None for all in the folder.

    Returns:
        SHA-256 of the file, hexadecimal, and sentences on what was left out.

    Raises:
        UsageError: the file has another ending, or the folder holds no results.
        UnknownNameError: there is no such experiment.
        IncompleteError: an experiment was not run, or something in the folder is not possible; nothing is written.
        StorageError: the file system refused the write.
    """
    from hsbench.packing import archive, contents

    if output.suffix != SUFFIX:
        raise UsageError(f"-o expects a file that ends with {SUFFIX}, got {output.name}.")
    store = Results(results)
    available = store.experiments()
    if not available:
        raise UsageError(
            f"expected a results folder of hsbench, and {results} holds no results; run an experiment first."
        )
    for name in experiments or ():
        registry.experiment(name)
        if name not in available:
            raise IncompleteError(f"{name} was not run into {results}; run it first: hsbench run {name}")
    names = tuple(name for name in available if not experiments or name in experiments)
    views = [view for name in names for view in store.views(name).values()]
    store.require_possible(views)
    packed = contents.collect(store, views)
    left_out = tuple(packed.left_out)
    facts = {"hsbench": __version__, "experiments": list(names), "left_out": list(left_out)}
    try:
        digest = archive.write(output, facts, packed.files)
    except OSError as error:
        raise storage_error(error, output) or error from error
    return digest, left_out


@contextlib.contextmanager
def joined(
    files: Sequence[Path], *, rescore: bool = False, progress: Callable[[str], None] = lambda _line: None
) -> Iterator[Path]:
    """Verify packed files, and yield a temporary results folder that holds all of them, for one report.

    Args:
        files: files that `pack` wrote, of any origin.
        rescore: whether to compute the scores of the packed sound again.
        progress: takes a line of text before each long piece of work.

    Raises:
        DataError: a file cannot be read as packed results.
        DriftError: something about a file is wrong.
        StorageError: the file system refused a write.
    """
    from hsbench.packing.joining import join

    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        try:
            join(files, folder, rescored=rescore, progress=progress)
        except OSError as error:
            raise storage_error(error, folder) or error from error
        yield folder / "joined"


def verify(
    file: Path,
    *,
    rescore: bool = False,
    refit: int = 0,
    keep: Path | None = None,
    progress: Callable[[str], None] = lambda _line: None,
) -> Verification:
    """Check a packed file; see hsbench.packing.verify for the checks.

    Args:
        file: a file that `pack` wrote, of any origin. Nothing in it is executed, and it is not changed.
        rescore: whether to compute the scores of the packed sound again.
        refit: number of clips, chosen at random, to fit again.
        keep: folder, new or empty, that becomes the results folder that was packed, for `report` and `compare`; None
            keeps nothing.
        progress: takes a line of text before each long piece of work.

    Raises:
        DataError: the file cannot be read as packed results.
        UsageError: refit is negative, or the folder to keep is not empty.
        StorageError: the file system refused a write.
    """
    from hsbench.packing.verify import verify as checked

    if refit < 0:
        raise UsageError(f"refit expects a number of clips from 0, got {refit}.")
    if keep is not None and keep.exists() and (not keep.is_dir() or any(keep.iterdir())):
        raise UsageError(f"--keep expects a new or empty folder, got {keep}.")
    with tempfile.TemporaryDirectory() as temporary:
        folder = keep or Path(temporary)
        try:
            return checked(file, folder, rescored=rescore, refitted=refit, progress=progress)
        except OSError as error:
            raise storage_error(error, folder) or error from error
