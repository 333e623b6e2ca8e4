"""Named checks of one plug-in, and the checks of a descriptor, which are the same for every kind of plug-in."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from hsbench.descriptors import CLASSES, Descriptor

if TYPE_CHECKING:
    from collections.abc import Iterator

HEAVY = ("torch", "pandas", "matplotlib", "sklearn", "scipy")
"""Packages that take long to import. A descriptor must not import them, so that `hsbench list` and `plan` are fast."""

SCRIPT = """
import sys
from importlib.metadata import entry_points
from hsbench import registry
kind, name, heavy = {kind!r}, {name!r}, {heavy!r}
before = set()
for point in entry_points(group="hsbench." + kind):
    before = heavy & set(sys.modules)
    loaded = point.load()
    if name in [descriptor.name for descriptor in (loaded if isinstance(loaded, (list, tuple)) else [loaded])]:
        break
else:
    print("absent" if name not in registry.names(kind) else "")
    sys.exit()
print(" ".join(sorted(heavy & set(sys.modules) - before)))
"""
"""Program that imports the descriptor of a plug-in and prints the slow packages that this import loaded."""


class ConformanceError(AssertionError):
    """A plug-in violates a requirement; the message names the check, the expected behaviour and the observed one."""


class Checks:
    """Runs the checks of one plug-in, records those that pass, and raises ConformanceError for one that fails.

    Args:
        subject: the plug-in, such as "model smoother", for messages.

    Attributes:
        passed: names of the checks that passed, in the order in which they ran.
    """

    def __init__(self, subject: str) -> None:
        self.subject = subject
        self.passed: list[str] = []
        self._name = ""

    @contextlib.contextmanager
    def check(self, name: str) -> Iterator[None]:
        """Run the body of the context as a named check; an exception of the plug-in counts as a failure."""
        self._name = name
        try:
            yield
        except ConformanceError:
            raise
        except Exception as error:
            raise ConformanceError(f"{self.subject}, {name}: raised {error!r}; it should not.") from error
        self.passed.append(name)
        print(f"{self.subject}, {name}: ok")  # noqa: T201  part of the test output

    def require(self, condition: object, sentence: str) -> None:
        """Fail the current check unless a condition holds."""
        if not condition:
            self.fail(sentence)

    def fail(self, sentence: str) -> NoReturn:
        """Fail the current check."""
        raise ConformanceError(f"{self.subject}, {self._name}: {sentence}")

    def skip(self, name: str, reason: str) -> None:
        """Report that a check does not apply to the plug-in."""
        print(f"{self.subject}, {name}: not run, {reason}")  # noqa: T201  as above


def check_descriptor(checks: Checks, kind: str, descriptor: Descriptor) -> None:
    """Check the requirements that hold for descriptors of all kinds."""
    with checks.check("the descriptor is complete"):
        checks.require(
            isinstance(descriptor, CLASSES[kind]),
            f"expected an hsbench.descriptors.{CLASSES[kind].__name__}, got {descriptor!r}.",
        )
        checks.require(
            re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]*", descriptor.name) and "--" not in descriptor.name,
            "a name consists of letters, digits, '.', '_' and single '-', because it is part of folder names; "
            f"got {descriptor.name!r}.",
        )
        version = descriptor.version
        checks.require(
            isinstance(version, int) and not isinstance(version, bool) and version > 0,
            f"a version is a whole number from 1, which is raised when numbers change; got {version!r}.",
        )
        checks.require(
            re.fullmatch(r"[\w.]+:\w+", descriptor.target),
            f"a target is 'module:attribute', got {descriptor.target!r}.",
        )
        checks.require(descriptor.summary, "the summary is empty; `hsbench list` shows it.")
        json.dumps(vars(descriptor), allow_nan=False, default=_plain)
    _check_light(checks, kind, descriptor.name)


def _plain(value: Any) -> dict[str, Any]:
    """Return a mapping of another type, or a dataclass such as MetricInfo, as a dict for JSON."""
    return dict(value) if isinstance(value, Mapping) else vars(value)


def _check_light(checks: Checks, kind: str, name: str) -> None:
    """Check that importing the descriptor, in a new interpreter, loads no package that takes long to import."""
    label = "the descriptor imports nothing heavy"
    script = SCRIPT.format(kind=kind, name=name, heavy=set(HEAVY))
    process = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    imported = process.stdout.strip()
    if imported == "absent":
        checks.skip(label, f"{name} is not installed as an entry point of hsbench.{kind}")
        return
    with checks.check(label):
        checks.require(process.returncode == 0, f"the import failed: {process.stderr.strip()[-300:]}")
        checks.require(
            not imported,
            f"the import also loads {imported}; put the descriptor into a separate module that does not need this.",
        )


def is_count(value: object) -> bool:
    """Return whether a value is a whole number from 0."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
