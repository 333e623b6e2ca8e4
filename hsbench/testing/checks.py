"""Named checks of one plug-in, and those that hold for every kind: what its descriptor says."""

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
"""What must not be imported before something is computed, so that `hsbench list` and `plan` answer at once."""

SCRIPT = """
import sys
from importlib.metadata import entry_points
from hsbench import registry
kind, name, heavy = {kind!r}, {name!r}, {heavy!r}
before, seen = set(), set()
for point in entry_points(group="hsbench." + kind):
    before = heavy & set(sys.modules)
    loaded = point.load()
    if name in [one.name for one in (loaded if isinstance(loaded, (list, tuple)) else [loaded])]:
        break
else:
    print("absent" if name not in registry.names(kind) else "")
    sys.exit()
print(" ".join(sorted(heavy & set(sys.modules) - before)))
"""


class ConformanceError(AssertionError):
    """A plug-in does not keep a promise; the message says which, what came and what was expected."""


class Checks:
    """The checks of one subject: each is named, counted when it passes, and says what is wrong when it fails.

    Attributes:
        passed: names, in the order in which they ran.
    """

    def __init__(self, subject: str) -> None:
        self.subject = subject
        self.passed: list[str] = []
        self._name = ""

    @contextlib.contextmanager
    def check(self, name: str) -> Iterator[None]:
        """Run a named check; an exception of the subject is a failure of it."""
        self._name = name
        try:
            yield
        except ConformanceError:
            raise
        except Exception as error:
            raise ConformanceError(f"{self.subject}, {name}: raised {error!r}; it should not.") from error
        self.passed.append(name)
        print(f"{self.subject}, {name}: ok")  # noqa: T201  it says what it ran, as test output

    def require(self, condition: object, sentence: str) -> None:
        """Fail the check in progress unless a condition holds."""
        if not condition:
            self.fail(sentence)

    def fail(self, sentence: str) -> NoReturn:
        """Fail the check in progress."""
        raise ConformanceError(f"{self.subject}, {self._name}: {sentence}")

    def skip(self, name: str, reason: str) -> None:
        """Say that a check has nothing to look at."""
        print(f"{self.subject}, {name}: not run, {reason}")  # noqa: T201  as above


def check_descriptor(checks: Checks, kind: str, descriptor: Descriptor) -> None:
    """Check what holds for the descriptors of all kinds."""
    with checks.check("the descriptor is complete"):
        checks.require(
            isinstance(descriptor, CLASSES[kind]),
            f"expected an hsbench.descriptors.{CLASSES[kind].__name__}, got {descriptor!r}.",
        )
        checks.require(
            re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]*", descriptor.name) and "--" not in descriptor.name,
            f"a name holds letters, digits, '.', '_' and single '-', for it names folders; got {descriptor.name!r}.",
        )
        version = descriptor.version
        checks.require(
            isinstance(version, int) and not isinstance(version, bool) and version > 0,
            f"a version is a whole number from 1, raised when numbers move; got {version!r}.",
        )
        checks.require(
            re.fullmatch(r"[\w.]+:\w+", descriptor.target),
            f"a target is 'module:attribute', got {descriptor.target!r}.",
        )
        checks.require(descriptor.summary, "the summary is empty; `hsbench list` shows it.")
        json.dumps(vars(descriptor), allow_nan=False, default=_plain)
    _check_light(checks, kind, descriptor.name)


def _plain(value: Any) -> dict[str, Any]:
    """A mapping that is no dict, or a dataclass such as MetricInfo, as a dict for JSON."""
    return dict(value) if isinstance(value, Mapping) else vars(value)


def _check_light(checks: Checks, kind: str, name: str) -> None:
    """Import the descriptor in a fresh interpreter, as `hsbench list` does."""
    label = "the descriptor imports nothing heavy"
    script = SCRIPT.format(kind=kind, name=name, heavy=set(HEAVY))
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    if done.stdout.strip() == "absent":
        checks.skip(label, f"{name} is not installed as an entry point of hsbench.{kind}")
        return
    with checks.check(label):
        checks.require(done.returncode == 0, f"importing it failed: {done.stderr.strip()[-300:]}")
        checks.require(
            not done.stdout.strip(),
            f"importing it imports {done.stdout.strip()}; put the descriptor into a module of its own, without them.",
        )


def is_count(value: object) -> bool:
    """Whether it is a whole number from 0."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
