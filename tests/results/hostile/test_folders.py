"""A whole results folder that is damaged in any way can be read: a value or one sentence, and nothing else happens.

The folder of hsbench 28dda25 is copied and damaged by a few random operations. Then everything that only reads a
results folder is called. A secret lies outside the folder; symbolic links lead to it.
"""

import contextlib
import io
import json
import os
import pickle
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.console import Console

import hsbench
from hsbench.api import cleaning, comparing, plans, reports
from hsbench.drift.rescoring import stored_pairs
from hsbench.drift.snapshot import snapshot
from hsbench.errors import HsbenchError
from hsbench.planning.request import Request
from hsbench.report.sessions import history
from hsbench.results.store import Results

OLD = Path(__file__).parent.parent.parent / "fixtures" / "28dda25" / "results"
FILES = sorted(path.relative_to(OLD).as_posix() for path in OLD.rglob("*") if path.is_file())
CELLS = sorted(path.parent.name for path in OLD.glob("*/spec.json"))
RECORDS = (
    "spec.json",
    "provenance.json",
    "status.json",
    "fit.json",
    "fit.jsonl",
    "reconstructions.jsonl",
    "scores.jsonl",
)
REQUEST = Request(("table2d", "table2b"), budget="smoke", limit=2)
SECRET = "the-secret-text"
OUTSIDE = ("secret.txt", "scores.jsonl", "cell", "audio")
"""Files and folders beside the results folder to which symbolic links lead."""
NUMBER = 0.918273645
"""A score that lies outside the folder."""
EXAMPLES = int(os.environ.get("HSBENCH_HOSTILE_EXAMPLES", "1000"))


class Trap:
    """An object whose unpickling creates a folder, as a sign that it was executed."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return os.mkdir, (self.mark,)


class Damage:
    """The operations that damage a folder; each is robust against what earlier ones did.

    Args:
        place: parent of the folder `results`, which holds the secret too.
    """

    def __init__(self, place):
        self.root, self.outside, self.mark = place / "results", place / "outside", place / "it ran"

    def apply(self, name, *arguments):
        """Do an operation, unless an earlier one replaced a folder above its files."""
        named = [self.root / text for text in arguments[: 2 if name in ("swap", "hard_link") else 1]]
        if all(os.path.realpath(path.parent).startswith(os.path.realpath(self.root)) for path in named):
            with contextlib.suppress(FileExistsError, NotADirectoryError):
                getattr(self, name)(*arguments)

    def remove(self, name):
        path = self.root / name
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif os.path.lexists(path):
            path.unlink()

    def write(self, name, data):
        self.remove(name)
        (self.root / name).parent.mkdir(parents=True, exist_ok=True)
        (self.root / name).write_bytes(data)

    def content(self, name):
        path = self.root / name
        return path.read_bytes() if path.is_file() and not path.is_symlink() else b""

    def cut(self, name, share):
        whole = self.content(name)
        self.write(name, whole[: int(share * len(whole))])

    def swap(self, name, other):
        mine, others = self.content(name), self.content(other)
        self.write(name, others)
        self.write(other, mine)

    def newer(self, name):
        self.write(
            name, self.content(name).replace(b'"schema": 1', b'"schema": 99').replace(b'"schema": 2', b'"schema": 99')
        )

    def number(self, name, field, value):
        lines = []
        for line in self.content(name).splitlines():
            try:
                row = json.loads(line)
            except ValueError:
                row = None
            lines.append(json.dumps({**row, field: value}).encode() if isinstance(row, dict) else line)
        self.write(name, b"\n".join(lines) + b"\n")

    def fact(self, name, field, value):
        try:
            document = json.loads(self.content(name))
        except ValueError:
            return
        places = [document]
        while places:
            part = places.pop()
            if isinstance(part, dict) and field in part:
                part[field] = value
            if isinstance(part, dict | list):
                places += part.values() if isinstance(part, dict) else part
        self.write(name, json.dumps(document).encode())

    def long_line(self, name, text):
        self.write(name, self.content(name) + text * (10_000_000 // len(text)) + b"\n")

    def link(self, name, target):
        self.remove(name)
        (self.root / name).parent.mkdir(parents=True, exist_ok=True)
        (self.root / name).symlink_to(self.outside / target if target in OUTSIDE else target)

    def hard_link(self, name, other):
        if name != other and (self.root / other).is_file() and not (self.root / other).is_symlink():
            self.remove(name)
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            (self.root / name).hardlink_to(self.root / other)

    def pipe(self, name):
        self.remove(name)
        (self.root / name).parent.mkdir(parents=True, exist_ok=True)
        os.mkfifo(self.root / name)

    def folder(self, name):
        self.remove(name)
        (self.root / name).mkdir(parents=True)

    def trap(self, name):
        self.write(name, pickle.dumps(Trap(str(self.mark))))

    def plug_in(self, name):
        self.write(f"{name}/job.json", json.dumps({"schema": 1, "imports": [str(self.outside / "evil.py")]}).encode())


files = st.sampled_from(FILES)
cells = st.sampled_from(CELLS)
records = st.sampled_from(RECORDS)
lines = st.builds("{}/{}".format, cells, st.sampled_from(["reconstructions.jsonl", "scores.jsonl", "fit.jsonl"]))
documents = st.builds(
    "{}/{}".format, cells, st.sampled_from(["spec.json", "provenance.json", "status.json", "fit.json"])
)
views = st.sampled_from([name for name in FILES if name.startswith("views/")])
odd = st.one_of(
    st.sampled_from(
        [-5, 0, 99.64, 1e308, -1e308, 2**60, 10**400, True, None, "x" * 300, "../../x", "=1+1", "a\n| b", [], {}]
    ),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=6),
)
row_fields = st.sampled_from(
    ["clip", "metric", "version", "value", "status", "numbers", "bits", "seconds", "clipped", "step", "loss", "first"]
)
document_fields = st.sampled_from(
    ["seed", "name", "version", "settings", "schema", "sessions", "code", "started", "device", "command", "packages",
     "seconds", "message", "status", "hsbench", "commit", "generated", "total", "steps", "loss_silence"]
)  # fmt: skip
view_fields = st.sampled_from(
    ["experiment", "title", "table", "source", "corpora", "absent", "budget", "protocol", "split", "clips_paper",
     "limit", "metrics", "rows", "row", "model", "corpus", "published", "cells", "changed", "departures", "notes",
     "fingerprint", "samples", "sample_rate", "incomplete", "clips", "splits", "description", "groups"]
)  # fmt: skip
targets = st.sampled_from([*OUTSIDE, "nowhere", "/dev/zero", "/etc/passwd", "."])
lists = st.lists(st.text(max_size=4) | st.sampled_from(["pesq@" + "9" * 4400, "lsd@48000", *CELLS]), max_size=3)
places = st.one_of(files, cells, st.sampled_from(["views", "references", "references/audio", "superseded"]))
operations = st.one_of(
    st.tuples(st.just("remove"), st.one_of(files, cells)),
    st.tuples(st.just("write"), st.one_of(files, cells), st.sampled_from([b"", b"\n", b"\x00\xff", b"{}\n", b"[]\n"])),
    st.tuples(st.just("cut"), files, st.floats(0, 1)),
    st.tuples(st.just("swap"), files, files),
    st.builds(lambda a, b, record: ("swap", f"{a}/{record}", f"{b}/{record}"), cells, cells, records),
    st.tuples(st.just("newer"), st.one_of(documents, views)),
    st.tuples(st.just("number"), st.one_of(lines, st.just("references/clips.jsonl")), row_fields, odd),
    st.tuples(st.just("fact"), documents, document_fields, odd),
    st.tuples(st.just("fact"), views, view_fields, st.one_of(odd, lists)),
    st.tuples(st.just("link"), places, targets),
    st.builds(lambda cell, target: ("link", f"{cell}/scores.jsonl", target), cells, targets),
    st.builds(lambda cell, target: ("link", f"{cell}/artifacts", target), cells, targets),
    st.tuples(st.just("hard_link"), files, files),
    st.tuples(st.just("pipe"), files),
    st.tuples(st.just("folder"), files),
    st.tuples(st.just("trap"), files),
    st.tuples(st.just("plug_in"), cells),
)
long_lines = st.tuples(st.just("long_line"), files, st.sampled_from([b"x", b"[", b'{"a":1},', b" "]))
damages = st.lists(operations, min_size=1, max_size=4)
damages_with_long_lines = st.one_of(*[damages] * 5, st.tuples(operations, long_lines).map(list))


@pytest.fixture
def outside(tmp_path):
    """What lies outside the results folder and must not be read: a text, scores, audio, a whole cell and a plug-in."""
    folder = tmp_path / "outside"
    (folder / "audio").mkdir(parents=True)
    score = {"clip": "k03_006-0", "metric": "mse", "version": 1, "value": NUMBER, "status": "ok", "seconds": 0.1}
    (folder / "secret.txt").write_text(f"{SECRET}\n")
    (folder / "scores.jsonl").write_text(json.dumps(score) + "\n")
    (folder / "evil.py").write_text(f"import os\nos.mkdir({str(tmp_path / 'it ran')!r})\n")
    shutil.copytree(OLD / CELLS[0], folder / "cell")
    scores = (folder / "cell" / "scores.jsonl").read_text().splitlines()
    (folder / "cell" / "scores.jsonl").write_text(
        "".join(json.dumps({**json.loads(line), "value": NUMBER}) + "\n" for line in scores)
    )
    return folder


def listing(root):
    """Every path below a folder with its kind, its size and the time of its last change."""
    facts = {}
    for parent, folders, names in os.walk(root):
        for name in (*folders, *names):
            state = (Path(parent) / name).lstat()
            facts[f"{parent}/{name}"] = (state.st_mode, state.st_size, state.st_mtime_ns)
    return facts


def printed(page):
    """Return what a console prints of a page."""
    out = io.StringIO()
    Console(file=out, width=80, markup=False, highlight=False).print(page)
    return out.getvalue()


def calls(root):
    """Everything that only reads a results folder: name -> function without arguments that returns printable text."""
    results, opened = Results(root), hsbench.open_results(root)

    def report(output_format):
        return reports.rendered(reports.select(root, None), output_format, reports.form())

    def compared():
        comparison = comparing.compare(root, root)
        return [
            comparing.rendered(comparison, output_format)
            for output_format in comparing.FORMATS
            if output_format != "text"
        ] + [printed(comparing.drawn(comparison, 80))]

    def checked(experiment):
        return [
            (repr(snapshot(results, view)), list(stored_pairs(results, view, 2)), results.problems([view]))
            for view in results.views(experiment).values()
        ]

    return {
        "plan": lambda: plans.make(REQUEST, root).as_text(),
        "markdown": lambda: report("markdown"),
        "csv": lambda: report("csv"),
        "long": lambda: reports.rendered(reports.select(root, None), "csv", reports.form(), per_clip=True),
        "compare": compared,
        "open": lambda: [opened.experiments, *(opened.table(name).to_markdown() for name in opened.experiments)],
        "clean": lambda: cleaning.survey(root, list(cleaning.RULES)),
        "check table2b": lambda: checked("table2b"),
        "check table2d": lambda: checked("table2d"),
        "sessions": lambda: [history(results.folder(name)) for name in results.cells()],
    }


READERS = sorted(calls(OLD))


def read_after(damage, readers, tmp_path):
    """Damage a copy of the folder, and check that some of the functions that read it give a value or one sentence."""
    root = tmp_path / "results"
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(OLD, root)
    tools = Damage(tmp_path)
    for name, *arguments in damage:
        tools.apply(name, *arguments)
    before = listing(tmp_path)
    functions = calls(root)
    for name in readers:
        try:
            text = str(functions[name]())
        except HsbenchError as error:
            text = str(error)
            assert len(text) > 20
        assert SECRET not in text, name
        assert str(NUMBER)[:7] not in text, name
        assert len(text) < 1_000_000, name
        text.encode()
    assert listing(tmp_path) == before, "nothing was written, deleted or executed"


@pytest.mark.parametrize(
    "damage",
    [
        ("link", f"{CELLS[0]}/scores.jsonl", "scores.jsonl"),
        ("link", f"{CELLS[0]}/scores.jsonl", "secret.txt"),
        ("link", "views/table2b.json", "secret.txt"),
        ("link", "references/clips.jsonl", "secret.txt"),
        ("link", CELLS[0], "cell"),
        ("pipe", f"{CELLS[0]}/scores.jsonl"),
        ("write", CELLS[0], b""),
        ("long_line", f"{CELLS[0]}/scores.jsonl", b"["),
        ("plug_in", CELLS[0]),
        ("fact", f"{CELLS[0]}/fit.json", "status", []),
        ("fact", f"{CELLS[0]}/provenance.json", "started", 5),
        ("fact", "views/table2b.json", "samples", -5),
        ("fact", "views/table2b.json", "metrics", ["pesq@" + "9" * 4400]),
    ],
    ids=lambda damage: "-".join(map(str, damage))[-40:],
)
def test_one_damage_can_be_read_by_every_reader(damage, outside, tmp_path):
    read_after([damage], READERS, tmp_path)


ANY = settings(suppress_health_check=list(HealthCheck), deadline=None)


@settings(ANY, max_examples=60)
@given(damage=damages, readers=st.sets(st.sampled_from(READERS), min_size=2, max_size=2))
def test_a_damaged_folder_can_be_read(damage, readers, outside, tmp_path):
    read_after(damage, readers, tmp_path)


@pytest.mark.slow
@settings(ANY, max_examples=EXAMPLES, database=None)
@given(damage=damages_with_long_lines, readers=st.sets(st.sampled_from(READERS), min_size=3, max_size=4))
def test_a_thousand_damaged_folders_can_be_read(damage, readers, outside, tmp_path):
    read_after(damage, readers, tmp_path)
