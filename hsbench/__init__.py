"""hsbench: benchmark and evaluation suite for implicit neural representations (INRs) of sound.

* `hsbench.score(reference, estimate, sample_rate)` scores an estimate against its reference;
* `hsbench.run("table2b")` runs an experiment, as `hsbench run` does, and returns its tables;
* `hsbench.open_results("results")` reads what was run before;
* `hsbench.fit_inr("inr-siren", waveform, sample_rate)` fits one INR to one sound;
* `hsbench.load(cell or file)` loads a trained network, or an INR that was saved;
* `hsbench.decode(stream)` decodes what `hsbench encode` or `Network.encode(...).to_bytes()` wrote.

`import hsbench` imports nothing heavy; each name is imported when it is first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from hsbench.version import __version__

if TYPE_CHECKING:
    from hsbench.api.networks import fit_inr, load
    from hsbench.api.runs import run
    from hsbench.api.scores import score
    from hsbench.api.streams import decode
    from hsbench.api.tables import open_results

__all__ = ["__version__", "decode", "fit_inr", "load", "open_results", "run", "score"]

_HOMES = {
    "decode": "streams",
    "fit_inr": "networks",
    "load": "networks",
    "open_results": "tables",
    "run": "runs",
    "score": "scores",
}
"""Public name -> the module of hsbench.api that holds it."""


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used."""
    if name not in _HOMES:
        raise AttributeError(f"module 'hsbench' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"hsbench.api.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
