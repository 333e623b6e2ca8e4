"""The `hsbench` command: its verbs, and the conversion of errors into one sentence and an exit code.

Exit codes: 0 good, 1 drift, 2 usage, 3 incomplete, 4 a required backend is missing, 70 an unexpected error, 130
interrupted.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
import traceback
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperGroup

from hsbench.cli import (
    bless,
    check,
    claims,
    clean,
    compare,
    corpus,
    decode,
    doctor,
    encode,
    export,
    networks,
    pack,
    plan,
    reconstruct,
    report,
    run,
    score,
    selftest,
    verify,
)
from hsbench.cli import list as listing
from hsbench.errors import HsbenchError, InterruptedRunError, storage_error
from hsbench.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator

FIRST_STEPS = """\
hsbench measures how well models rebuild sound. Three commands to begin with:

  hsbench run overview                           compute and print a first table
  hsbench report --format html --output report   write pages to see and hear
  hsbench score ORIGINAL.wav REBUILT.wav         score a sound of your own

hsbench --help lists all commands, hsbench COMMAND --help the options of one."""
"""What `hsbench` prints without arguments."""


class _Verbs(TyperGroup):
    """The verbs, each of which an interrupt ends with one sentence; typer would end it without a message."""

    def make_context(self, *arguments: Any, **settings: Any) -> Any:
        """Parse the options in front of the verb.

        Raises:
            InterruptedRunError: the user pressed Ctrl-C.
        """
        with _in_one_sentence():
            return super().make_context(*arguments, **settings)

    def invoke(self, ctx: Any) -> Any:
        """Run a verb.

        Raises:
            InterruptedRunError: the user pressed Ctrl-C.
        """
        with _in_one_sentence():
            return super().invoke(ctx)


@contextlib.contextmanager
def _in_one_sentence() -> Iterator[None]:
    """Turn Ctrl-C into an InterruptedRunError."""
    try:
        yield
    except KeyboardInterrupt:
        raise InterruptedRunError from None


app = typer.Typer(
    name="hsbench",
    cls=_Verbs,
    help="Benchmark of implicit neural representations (INRs) of sound: run experiments, score reconstructions, "
    "and report tables and figures.",
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(invoke_without_command=True)
def _options(
    context: typer.Context,
    version: bool = typer.Option(False, "--version", help="Print the version and exit."),
) -> None:
    if version:
        print(f"hsbench {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        print(FIRST_STEPS)


app.command("list")(listing.list_)
app.command("plan")(plan.plan)
app.command("run")(run.run)
app.command("report")(report.report)
app.command("score")(score.score)
app.add_typer(corpus.app, name="corpus")
app.command("reconstruct")(reconstruct.reconstruct)
app.command("encode")(encode.encode)
app.command("decode")(decode.decode)
app.command("export")(export.export)
app.command("compare")(compare.compare)
app.add_typer(networks.app, name="networks")
app.command("pack")(pack.pack)
app.command("verify")(verify.verify)
app.command("clean")(clean.clean)
app.command("check")(check.check)
app.command("bless")(bless.bless)
app.command("claims")(claims.claims)
app.command("selftest")(selftest.selftest)
app.command("doctor")(doctor.doctor)


def main() -> None:
    """Run the command line and exit with the exit code of its verb."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a file name can hold what the terminal cannot show
    try:
        app()
    except HsbenchError as error:
        _fail(str(error), error.exit_code)
    except KeyboardInterrupt:
        interrupted = InterruptedRunError()
        _fail(str(interrupted), interrupted.exit_code)
    except BrokenPipeError:  # the program that reads the output has ended, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        sys.exit(141)
    except Exception as error:  # noqa: BLE001  the outermost boundary: ask for a report and exit with 70
        storage = storage_error(error, "the output") if isinstance(error, OSError) else None
        if storage is not None:
            _fail(str(storage), storage.exit_code)
        traceback.print_exc()
        _fail(
            f"unexpected {type(error).__name__}: {error}. This is a defect of hsbench; please report the lines above.",
            70,
        )


def _fail(message: str, code: int) -> None:
    """Print an error message on standard error and exit."""
    sys.stdout.flush()
    print(f"hsbench: {message}", file=sys.stderr)
    sys.exit(code)
