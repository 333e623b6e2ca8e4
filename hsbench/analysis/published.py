"""Published numbers as they were printed, read from baselines/published/*.toml.

A printed "< 0.001" is a bound: it keeps its sign and is never treated as a value.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hsbench.errors import DataError
from hsbench.version import PACKAGE

if TYPE_CHECKING:
    from collections.abc import Mapping


BATCH = 16
"""Clips in a batch of the published evaluation, unless the file says otherwise for a table."""


@dataclass(frozen=True)
class Printed:
    """One printed value.

    Attributes:
        value: the printed number.
        bound: "" where the number is the value, "<" where the value is below it.
        text: the value as it was printed, such as "< 0.001".
    """

    value: float
    bound: str
    text: str


@dataclass(frozen=True)
class PublishedTable:
    """A table of a paper.

    Attributes:
        id: number of the table in the paper, such as "2d".
        corpora: registered names of the corpora that were measured.
        ideal: metric -> the value that the paper calls ideal.
        rows: name of the row -> metric -> printed value.
        source: short citation with the number of the table.
        caveats: what the paper says of the numbers.
        notes: what hsbench adds to that, mostly from the published code.
        batch: clips in a batch of the published evaluation, see stats.paper_mean.
    """

    id: str
    corpora: tuple[str, ...]
    ideal: Mapping[str, float]
    rows: Mapping[str, Mapping[str, Printed]]
    source: str
    caveats: tuple[str, ...]
    notes: tuple[str, ...]
    batch: int


def baselines_folder(wanted: Path | None = None, part: str = "published") -> Path:
    """Return the folder of the baselines: the wanted one, else ./baselines, else the one of the package or checkout.

    Args:
        wanted: folder that the user named, or None.
        part: subfolder that is needed: "published" or "blessed".

    Raises:
        DataError: none of these folders has the subfolder.
    """
    if (folder := optional_baselines_folder(wanted, part)) is not None:
        return folder
    files = {"published": "published/*.toml"}.get(part, f"{part}/")
    raise DataError(
        f"expected a folder with {files} at {_folders(wanted)[0]}; give one with --baselines or reinstall hsbench."
    )


def optional_baselines_folder(wanted: Path | None, part: str) -> Path | None:
    """Return the same folder as `baselines_folder`, or None where none has the subfolder."""
    return next((folder for folder in _folders(wanted) if (folder / part).is_dir()), None)


def _folders(wanted: Path | None) -> list[Path]:
    return [wanted] if wanted else [Path("baselines"), PACKAGE / "_baselines", PACKAGE.parent / "baselines"]


def table(source: str, table_id: str, baselines: Path | None = None) -> PublishedTable:
    """Read one published table.

    Args:
        source: name of the file below published/, without .toml.
        table_id: number of the table in the paper, such as "2d".
        baselines: folder that the user named, see baselines_folder.

    Raises:
        DataError: the file is missing or garbled, or has no such table.
    """
    path = baselines_folder(baselines) / "published" / f"{source}.toml"
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        entry = next(entry for entry in document["table"] if entry["id"] == table_id)
        origin, decimals = document["source"], document["decimals"]
        return PublishedTable(
            id=table_id,
            corpora=tuple(entry["corpus"].split("; ")),
            ideal=document["ideal"],
            rows={
                row["name"]: {k: _printed(v, decimals[k]) for k, v in row.items() if k != "name"}
                for row in entry["row"]
            },
            source=f"{origin['cite']}, arXiv {origin['arxiv']}, Table {table_id}",
            batch=int(entry.get("batch", BATCH)),
            caveats=(*origin.get("caveats", ()), *entry.get("caveats", ())),
            notes=(*origin.get("notes", ()), *entry.get("notes", ())),
        )
    except OSError as error:
        raise DataError(f"cannot read the published numbers {path} ({error.strerror}); restore the file.") from error
    except StopIteration:
        raise DataError(f"{path} has no table {table_id!r}; add it or correct the experiment.") from None
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise DataError(f"{path} is garbled ({error!r}); restore the file.") from error


def _printed(entry: Any, decimals: int) -> Printed:
    """Read a number, or a table such as {below = 0.001}."""
    bound, value = ("<", float(entry["below"])) if isinstance(entry, dict) else ("", float(entry))
    return Printed(value, bound, f"{bound} {value:.{decimals}f}".strip())
