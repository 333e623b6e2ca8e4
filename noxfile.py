"""The checks: lint, types, tests, slow, drift; and speed. One environment serves all of a run: PyTorch is large."""

from __future__ import annotations

import sys
import tempfile

import nox

nox.options.sessions = ["lint", "types", "tests"]

_ready = False


def _run(session: nox.Session, tool: str, *arguments: str, env: dict[str, str] | None = None) -> None:
    """Run a tool of the shared environment, which the first session makes or brings up to date."""
    global _ready  # noqa: PLW0603  one environment per run of nox
    folder = session.cache_dir.parent / "shared"
    python = str(folder / "bin" / "python")
    if not _ready:
        if not (folder / "bin" / "python").exists():
            session.run(sys.executable, "-m", "venv", str(folder), external=True)
        session.run(python, "-m", "pip", "install", "--quiet", "--upgrade", "pip>=25.1", external=True)
        session.run(python, "-m", "pip", "install", "--quiet", "--editable", ".", "--group", "dev", external=True)
        _ready = True
    session.run(str(folder / "bin" / tool), *arguments, external=True, env=env or {})


@nox.session(venv_backend="none")
def lint(session: nox.Session) -> None:
    """Style, common mistakes, and the direction of imports."""
    _run(session, "ruff", "check", ".")
    _run(session, "ruff", "format", "--check", ".")
    _run(session, "lint-imports")


@nox.session(venv_backend="none")
def types(session: nox.Session) -> None:
    """Strict type check."""
    _run(session, "mypy")


@nox.session(venv_backend="none")
def tests(session: nox.Session) -> None:
    """Everything that takes seconds, in two processes of one thread each."""
    arguments = ("-m", "not slow", "--numprocesses", "2", *session.posargs)
    _run(session, "python", "-m", "pytest", *arguments, env={"OMP_NUM_THREADS": "1"})


@nox.session(venv_backend="none")
def slow(session: nox.Session) -> None:
    """Everything that takes minutes."""
    _run(session, "python", "-m", "pytest", "-m", "slow", *session.posargs)


@nox.session(venv_backend="none")
def drift(session: nox.Session) -> None:
    """Experiment smoke against its blessed baseline: does this code still say what it said?"""
    with tempfile.TemporaryDirectory() as folder:
        _run(session, "hsbench", "run", "smoke", "--results", folder)
        _run(session, "hsbench", "check", "smoke", "--results", folder, "--format", "markdown")


@nox.session(venv_backend="none")
def speed(session: nox.Session) -> None:
    """Hsbench beside plain code, what commands cost and how cost grows, into speed/RESULTS.md; under ten minutes."""
    _run(session, "python", "speed/table.py", *session.posargs)
