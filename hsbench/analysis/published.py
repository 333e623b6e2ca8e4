"""Published numbers, as printed: baselines/published/*.toml.

A printed "< 0.001" is a bound and stays one.
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
"""Clips that the published evaluation averages at once, where a table does not say otherwise."""


@dataclass(frozen=True)
class Printed:
    """One printed value.

    Attributes:
        value: the number.
        bound: "" for a value, "<" for "less than".
        text: as printed.
    """

    value: float
    bound: str
    text: str


@dataclass(frozen=True)
class PublishedTable:
    """A printed table.

    Attributes:
        id: such as "2d".
        corpora: registered names of the corpora it was measured on.
        ideal: metric -> the source's ideal value.
        rows: row name -> metric -> printed value.
        source: how to cite it in a few words.
        caveats: the source's own, and those of its code.
        batch: clips that its evaluation averaged at once.
    """

    id: str
    corpora: tuple[str, ...]
    ideal: Mapping[str, float]
    rows: Mapping[str, Mapping[str, Printed]]
    source: str
    caveats: tuple[str, ...]
    batch: int


def baselines_folder(wanted: Path | None = None, part: str = "published") -> Path:
    """Where the numbers are: the folder asked for, else ./baselines, else those that came with the package or checkout.

    Args:
        wanted: the folder asked for.
        part: which numbers, "published" or "blessed".

    Raises:
        DataError: none of them holds that part.
    """
    package = PACKAGE
    places = [wanted] if wanted else [Path("baselines"), package / "_baselines", package.parent / "baselines"]
    for place in places:
        if (place / part).is_dir():
            return place
    files = {"published": "published/*.toml"}.get(part, f"{part}/")
    raise DataError(f"expected a folder with {files} at {places[0]}; give one with --baselines or reinstall hsbench.")


def table(source: str, table_id: str, baselines: Path | None = None) -> PublishedTable:
    """Read one printed table.

    Raises:
        DataError: the file is missing or garbled, or has no such table.
    """
    path = baselines_folder(baselines) / "published" / f"{source}.toml"
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        found = next(one for one in document["table"] if one["id"] == table_id)
        origin, places = document["source"], document["decimals"]
        return PublishedTable(
            id=table_id,
            corpora=tuple(found["corpus"].split("; ")),
            ideal=document["ideal"],
            rows={
                row["name"]: {k: _printed(v, places[k]) for k, v in row.items() if k != "name"} for row in found["row"]
            },
            source=f"{origin['cite']}, arXiv {origin['arxiv']}, Table {table_id}",
            batch=int(found.get("batch", BATCH)),
            caveats=(*origin.get("caveats", ()), *found.get("caveats", ())),
        )
    except OSError as error:
        raise DataError(f"cannot read the published numbers {path} ({error.strerror}); restore the file.") from error
    except StopIteration:
        raise DataError(f"{path} has no table {table_id!r}; add it or correct the experiment.") from None
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise DataError(f"{path} is garbled ({error!r}); restore the file.") from error


def _printed(entry: Any, places: int) -> Printed:
    bound, value = ("<", float(entry["below"])) if isinstance(entry, dict) else ("", float(entry))
    return Printed(value, bound, f"{bound} {value:.{places}f}".strip())
