"""`hsbench check`: is what was measured what was blessed?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hsbench.cli import options

if TYPE_CHECKING:
    from hsbench.drift.baseline import Baseline


def check(
    experiment: Annotated[str, typer.Argument(help="An experiment with a blessed baseline, such as smoke.")],
    output_format: Annotated[str, typer.Option("--format", help="text, json, markdown or junit.")] = "text",
    output: Annotated[Path | None, typer.Option(help="A file; standard output by default.")] = None,
    rescore: Annotated[
        int, typer.Option(help="Clips of each row whose stored audio is scored again; 0 for none.", min=0)
    ] = 2,
    imports: options.Import = None,
    results: options.ResultsDir = options.RESULTS,
    baselines: options.Baselines = None,
) -> None:
    """Judge results against a blessed baseline: exit code 0 for no drift, 1 for drift, 3 where it cannot be said."""
    from hsbench import registry
    from hsbench.analysis.published import baselines_folder
    from hsbench.cli import asking
    from hsbench.drift.check import judged
    from hsbench.drift.verdicts import EXIT, exit_code
    from hsbench.errors import DriftError, IncompleteError, UnknownNameError
    from hsbench.report import drift
    from hsbench.results.store import Results

    if output_format not in drift.FORMATS:
        raise UnknownNameError("format", output_format, drift.FORMATS)
    asking.import_files(imports)
    registry.get("experiments", experiment)
    store, place = Results(results), baselines_folder(baselines, "blessed")
    baseline = _baseline(place, experiment)
    lines, notes = judged(store, place, baseline, rescore)
    content = drift.FORMATS[output_format](experiment, lines, notes)
    if output is None:
        print(content, end="")
    else:
        from hsbench.files import replace_atomically

        replace_atomically(output, content.encode())
        print(f"{experiment}: {drift.summary(lines)}; wrote {output}")
    code = exit_code(lines)
    if code:
        severe = [line for line in lines if EXIT[line.verdict] == code]
        said = f"{experiment}: {drift.summary(severe) if severe else 'nothing was measured'}"
        raise (DriftError if code == 1 else IncompleteError)(f"{said}; see docs/drift.md for what to do.")


def _baseline(place: Path, experiment: str) -> Baseline:
    """The blessed baseline.

    Raises:
        IncompleteError: there is none.
    """
    from hsbench.drift import baseline
    from hsbench.errors import IncompleteError

    found = baseline.read(place, experiment)
    if found is None:
        raise IncompleteError(
            f"nothing was blessed for {experiment} below {place}; in a checkout, run it and then: "
            f'hsbench bless {experiment} --reason "..."'
        )
    return found
