"""The nox sessions: lint, types, tests, slow, drift and speed.

All sessions of a run share one virtual environment, because PyTorch is large: .venv beside this file if nox runs from
there, as after the commands of the README, else one of nox's own.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import nox

HERE = Path(__file__).parent

IN_TWO = ("--numprocesses", "2")
ONE_THREAD = {"OMP_NUM_THREADS": "1"}
NO_TESTS = 5
"""Exit code of pytest where no test was selected."""

nox.options.sessions = ["lint", "types", "tests"]

_ready = False


def _run(
    session: nox.Session,
    tool: str,
    *arguments: str,
    env: dict[str, str] | None = None,
    success_codes: tuple[int, ...] = (0,),
) -> None:
    """Run a tool of the shared environment, which the first session creates or updates.

    Args:
        session: the running nox session.
        tool: name of a program in the environment's bin folder, such as "pytest".
        arguments: command-line arguments of that program.
        env: environment variables to set for that program.
        success_codes: exit codes with which the session goes on.
    """
    global _ready  # noqa: PLW0603  the environment is set up once per run of nox
    folder = HERE / ".venv"
    if Path(sys.prefix).resolve() != folder.resolve():
        folder = session.cache_dir.parent / "shared"
    python = str(folder / "bin" / "python")
    if not _ready:
        if not (folder / "bin" / "python").exists():
            session.run(sys.executable, "-m", "venv", str(folder), external=True)
        session.run(python, "-m", "pip", "install", "--quiet", "--upgrade", "pip>=25.1", external=True)
        session.run(python, "-m", "pip", "install", "--quiet", "--editable", ".", "--group", "dev", external=True)
        _ready = True
    # The tests start many processes; without bytecode on disk, each of them would compile the whole package.
    session.run(
        str(folder / "bin" / tool),
        *arguments,
        external=True,
        env={"PYTHONDONTWRITEBYTECODE": "", **(env or {})},
        success_codes=success_codes,
    )


@nox.session(venv_backend="none")
def lint(session: nox.Session) -> None:
    """Check style, common mistakes, and the direction of imports."""
    _run(session, "ruff", "check", ".")
    _run(session, "ruff", "format", "--check", ".")
    _run(session, "lint-imports")


@nox.session(venv_backend="none")
def types(session: nox.Session) -> None:
    """Check the types, strictly."""
    _run(session, "mypy")


@nox.session(venv_backend="none")
def tests(session: nox.Session) -> None:
    """Run the tests that take seconds, in two processes of one thread each."""
    _run(session, "python", "-m", "pytest", "-m", "not slow", *IN_TWO, *session.posargs, env=ONE_THREAD)


@nox.session(venv_backend="none")
def slow(session: nox.Session) -> None:
    """Run the tests that take minutes: in two processes, then alone those that use all cores."""
    pytest = ("python", "-m", "pytest", "--durations", "10", *session.posargs)
    codes = (0, NO_TESTS) if session.posargs else (0,)  # the tests of a file may all be of one kind
    _run(session, *pytest, "-m", "slow and not all_cores", *IN_TWO, env=ONE_THREAD, success_codes=codes)
    _run(session, *pytest, "-m", "slow and all_cores", success_codes=codes)


@nox.session(venv_backend="none")
def drift(session: nox.Session) -> None:
    """Run experiment smoke and compare its scores with the blessed baseline.

    On a processor family that the baseline does not cover, the fits are incomparable and everything else is judged.
    """
    with tempfile.TemporaryDirectory() as folder:
        _run(session, "hsbench", "run", "smoke", "--results", folder)
        options = ("--results", folder, "--format", "markdown", "--accept-incomparable")
        _run(session, "hsbench", "check", "smoke", *options)


@nox.session(venv_backend="none")
def speed(session: nox.Session) -> None:
    """Measure speed and its growth with the size of the work, into speed/RESULTS.md; takes under ten minutes."""
    _run(session, "python", "speed/table.py", *session.posargs)
