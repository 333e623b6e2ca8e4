"""The HTML report as files: its contents, escaping, equal bytes for equal results, and refused folders."""

import dataclasses
import html
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from jinja2 import UndefinedError

from hsbench.audio.io import read_mono, write_wav
from hsbench.errors import UsageError
from hsbench.metrics.base import info
from hsbench.report.html import site
from hsbench.report.html.page import directions, environment, sort_value
from hsbench.report.summary import sentences
from hsbench.report.table import build
from hsbench.results.view import ViewRow

BASE = "table2d--toys--quick--fixed-1"
TEMPLATES = Path(site.__file__).parent / "templates"


class Reader(HTMLParser):
    """Collects tags with their attributes, and ids."""

    def __init__(self):
        super().__init__()
        self.tags, self.texts = [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.texts.append(data)


def read(path):
    reader = Reader()
    reader.feed(path.read_text())
    return reader


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_every_link_of_a_page_leads_to_a_file_in_the_report(report):
    folder = report
    pages = sorted(folder.rglob("*.html"))
    assert len(pages) == 4 + 2 + 3
    for page in pages:
        for tag, attributes in read(page).tags:
            place = attributes.get("href") or attributes.get("src")
            if place is None or place == "data:,":
                continue
            assert not re.match(r"[a-z]+:|/", place), f"{page}: {tag} leads out of the folder: {place}"
            path, _, anchor = place.partition("#")
            target = (page.parent / path).resolve() if path else page
            assert target.is_file(), f"{page}: {place}"
            assert target.is_relative_to(folder.resolve())
            if anchor:
                assert anchor in {found.get("id") for _, found in read(target).tags}, f"{page}: {place}"


def test_markup_in_names_notes_statuses_and_logs_is_shown_as_text(report, toys):
    folder = report
    for page in folder.rglob("*.html"):
        for tag, attributes in read(page).tags:
            assert not [name for name in attributes if name.startswith("on")], f"{page}: {tag} has a handler"
            assert attributes.get("src") != "x"
    cells, index = read(folder / "cells.html").texts, read(folder / "index.html").texts
    clip = read(folder / "clips" / BASE / "toys" / "c-0.html").texts
    values = read(folder / "scores" / BASE / "toys" / "mse.html").texts
    assert f"log {toys.evil}" in cells
    assert any(f"said {toys.evil}" in said for said in cells)
    assert toys.evil in index
    assert f"Table 2d: Individual {toys.evil}" in index
    assert toys.evil in clip
    assert values.count(toys.evil) >= 5  # the row, the speaker of each clip, a status


@pytest.mark.slow
def test_the_same_results_give_the_same_bytes_and_no_spectrogram_is_drawn_twice(written, tmp_path, monkeypatch):
    first = written(tmp_path / "one", with_figures=True)
    assert contents(written(tmp_path / "two", with_figures=True)) == contents(first)
    before = {path: path.stat().st_mtime_ns for path in first.rglob("*.*") if path.name != site.MARKER}
    monkeypatch.setattr("hsbench.report.html.spectrograms.png", lambda *_: pytest.fail("drawn again"))
    written(first, with_figures=True)
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_sound_is_stored_once_and_bit_for_bit(report, toys):
    folder = report
    clip = read(folder / "clips" / BASE / "toys" / "c-1.html")
    sources = [attributes["src"] for tag, attributes in clip.tags if tag == "audio"]
    assert all(attributes["preload"] == "metadata" for tag, attributes in clip.tags if tag == "audio")
    heard = [read_mono(folder / "clips" / BASE / "toys" / source)[0] for source in sources]
    assert len(heard) == 3
    assert np.array_equal(heard[0], toys.tone(1))
    assert np.array_equal(heard[1], 0.5 * toys.tone(1))
    assert np.array_equal(heard[2], heard[0])
    assert sources[2] == sources[0], "the second row rebuilt the clip exactly: one file"
    assert len(list((folder / "audio").iterdir())) == 6


def test_scores_and_duration_stand_beside_each_player(report):
    page = (report / "clips" / BASE / "toys" / "c-1.html").read_text()
    original, plain, evil = page.split('<section class="card')[1:]
    for card in (original, plain, evil):
        assert '<span class="duration">1.49 s</span>' in card
    assert "<dt>" not in original
    assert re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", plain) == [("MSE", "0.0500"), ("SI-SNR", "11.0 dB")]
    lost = (report / "clips" / BASE / "toys" / "c-2.html").read_text().split('<section class="card')[3]
    assert "<dd><small>&lt;img" in lost


def test_titles_name_experiment_corpus_and_budget(report):
    titles = {
        page.name: re.search("<title>(.*?)</title>", page.read_text()).group(1) for page in report.rglob("*.html")
    }
    assert titles["index.html"] == "Report - table2d, toys, quick - hsbench"
    assert titles["c-0.html"] == "Clip c-0 - table2d, toys, quick - hsbench"
    assert titles["mse.html"] == "MSE, clip by clip - table2d, toys, quick - hsbench"


def test_the_page_of_cells_opens_with_rows(report):
    _, _, table = (report / "cells.html").read_text().partition("<tbody>")
    rows, _, _ = table.partition("</tbody>")
    (first, *_) = re.findall(r'<a href="#(.*?)">(.*?)</a></th>\s*<td class="text">(.*?)</td>', rows)
    assert first == ("cell-0", "plain", "table2d")


def floored(toys, store):
    """The view with a row for silence, which the second row does not beat."""
    folder = store.folder("cell-silence")
    made = {"status": "ok", "numbers": 1, "bits": 0, "steps": 0, "seconds": 0.0, "clipped": 0.0}
    folder.append_reconstructions({"clip": clip, **made} for clip in toys.clips)
    score = {"metric": "mse", "version": 1, "value": 1.5, "status": "ok", "seconds": 0.0}
    folder.append_scores({"clip": clip, **score} for clip in toys.clips)
    return toys.view(rows=(*toys.view().rows, ViewRow("silence", "silence", "toys", cells=("cell-silence",))))


def test_one_banner_names_the_rows_that_do_not_beat_silence(written, results, toys):
    results.write_view(floored(toys, results))
    folder = written()
    for place in ("index.html", f"clips/{BASE}/toys/c-0.html"):
        page = (folder / place).read_text()
        assert page.count('class="banner"') == 1
        banner = page.partition('class="banner"')[2].partition("</div>")[0]
        assert "oes not beat silence at this budget" in banner
        assert html.escape(toys.evil, quote=True).replace("&quot;", "&#34;") in banner
        assert "plain" not in banner
    grey = re.findall(r'<tr class="floor"', (folder / "index.html").read_text())
    assert len(grey) == 1


def test_rows_on_seen_and_on_held_out_clips_are_summarised_and_have_their_own_pages(written, results, toys):
    first, second = toys.view().rows
    splits = {"train": tuple(toys.clips[:1]), "validation": tuple(toys.clips[1:])}
    corpus = dataclasses.replace(toys.view().corpora["toys"], splits=splits)
    rows = (dataclasses.replace(first, split="train"), dataclasses.replace(second, split="validation"))
    results.write_view(toys.view(corpora={"toys": corpus}, rows=rows))
    folder = written()
    above, _, _ = (folder / "index.html").read_text().partition("<table")
    (said, *_) = sentences(build(toys.view(corpora={"toys": corpus}, rows=rows), results))
    assert html.escape(said) in above, "a summary stands above the table"
    seen = (folder / "clips" / BASE / "toys" / "c-0.html").read_text()
    assert "; seen clip; speaker" in seen
    assert (seen.count("<audio"), "Rows that score other clips: &lt;img" in seen) == (2, True)
    held_out = (folder / "clips" / BASE / "toys" / "c-1.html").read_text()
    assert (held_out.count("<audio"), "Rows that score other clips: plain." in held_out) == (2, True)
    values = read(folder / "scores" / BASE / "toys" / "mse.html")
    cells = [attributes["data-value"] for tag, attributes in values.tags if tag == "td" and "data-value" in attributes]
    assert cells == ["0.9", "", "", "2.0", "", ""]


def test_a_note_gives_the_number_of_samples_beyond_full_scale(report):
    texts = " ".join(read(report / "clips" / BASE / "toys" / "c-0.html").texts)
    assert texts.count("5 samples beyond full scale, clipped in a player") == 1


def test_values_sort_by_their_numbers(report):
    page = read(report / "scores" / BASE / "toys" / "mse.html")
    cells = [attributes["data-value"] for tag, attributes in page.tags if tag == "td" and "data-value" in attributes]
    assert cells == ["0.9", "10.0", "0.05", "2.0", "0.1", ""]


def test_incomparable_published_values_are_apart_with_every_reason(report):
    page = (report / "index.html").read_text()
    ours, _, apart = page.partition('class="published apart"')
    assert "27.53" in apart or "21.75" in apart or "0.001" in apart
    assert "budget quick instead of paper" in apart
    assert "3 clips instead of 30" in apart
    assert "protocol fixed-1 instead of reference or paper" in apart
    assert "budget quick instead of paper" not in ours


def test_a_cell_shows_settings_protocol_and_provenance(report):
    texts = read(report / "cells.html").texts
    for expected in ("model.width", "87", "budget.steps", "protocol", "fixed-1, version 1", "0.1.0 (abcdef1)"):
        assert expected in texts
    assert any(re.fullmatch("[0-9a-f]{64}", text) for text in texts)
    assert "Working session 1: 2026-01-01T00:00:00Z, 65 s" in texts


def test_a_report_without_sound_has_spectrograms(written):
    folder = written(audio=False)
    assert not (folder / "audio").exists()
    assert len(list((folder / "spectrograms").iterdir())) == 6  # one row rebuilt its clips exactly
    assert "<audio" not in (folder / "clips" / BASE / "toys" / "c-0.html").read_text()


def test_a_new_report_removes_files_of_the_old_one_and_no_others(written, results, toys):
    folder = written()
    (folder / "mine.txt").write_text("mine")
    write_wav(results.folder("cell-0").audio("c-0"), 0.25 * toys.tone(0), toys.rate)
    before = contents(folder)
    written()
    after = contents(folder)
    assert after["mine.txt"] == b"mine"
    assert len([name for name in before.keys() - after.keys() if name.startswith("audio/")]) == 1
    assert len([name for name in after.keys() - before.keys() if name.startswith("audio/")]) == 1
    assert sorted(json.loads(after[site.MARKER])["files"]) == sorted(after.keys() - {site.MARKER, "mine.txt"})


def test_writing_a_report_never_changes_the_results(written, results):
    before = contents(results.root)
    written(with_figures=True)
    written(audio=False)
    assert contents(results.root) == before


@pytest.mark.parametrize(
    ("name", "content"), [("thesis.tex", "x"), (site.MARKER, "{}"), (site.MARKER, '{"schema": 99, "files": []}')]
)
def test_a_folder_with_other_files_is_refused_and_not_changed(written, tmp_path, name, content):
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / name).write_text(content)
    with pytest.raises(UsageError, match="expects a new or empty folder or an HTML report of this version"):
        written(tmp_path / "other")
    assert contents(tmp_path / "other") == {name: content.encode()}


def test_a_file_instead_of_a_folder_is_refused(written, tmp_path):
    (tmp_path / "report.html").write_text("x")
    with pytest.raises(UsageError, match="expects a folder for the HTML report"):
        written(tmp_path / "report.html")


def test_a_marker_cannot_remove_files_outside_the_folder(written, tmp_path):
    folder = written()
    (tmp_path / "precious").write_text("x")
    (folder / site.MARKER).write_text(json.dumps({"schema": 1, "files": ["../precious"]}))
    written()
    assert (tmp_path / "precious").exists()


def test_clips_without_sound_are_shown_with_a_note(written, results):
    results.folder("cell-0").audio("c-0").unlink()
    texts = read(written() / "clips" / BASE / "toys" / "c-0.html").texts
    assert "the sound was not kept" in texts


def test_an_absent_corpus_and_a_row_without_cells_are_shown(written, results, toys):
    rows = toys.view().rows
    lost = dataclasses.replace(rows[0], name="lost", corpus="gone", cells=())
    results.write_view(toys.view(absent={"gone": "not at hand"}, rows=(*rows, lost)))
    assert "lost: not at hand" in read(written() / "index.html").texts


def test_a_cell_that_was_never_run_is_shown_as_not_run(written, results, toys):
    rows = toys.view().rows
    later = dataclasses.replace(rows[0], name="later", cells=("cell-later",))
    results.write_view(toys.view(rows=(*rows, later)))
    folder = written()
    assert ". Status: not run." in "".join(read(folder / "cells.html").texts)
    assert "not reconstructed yet" in read(folder / "clips" / BASE / "toys" / "c-0.html").texts


def test_the_command_writes_the_report_and_prints_its_size(hsbench_here, results, tmp_path):
    where = ("--results", results.root, "--format", "html")
    assert hsbench_here("report", *where)[0] == 2
    code, out, _ = hsbench_here("report", *where, "--output", tmp_path / "r")
    assert (code, out.startswith(f"wrote {tmp_path}/r/index.html (")) == (0, True)
    assert " MB in all)" in out
    assert "without sound" in hsbench_here("report", *where, "--output", tmp_path / "r", "--no-audio")[1]
    code, _, err = hsbench_here("report", "--results", results.root, "--no-audio")
    assert (code, "--no-audio goes with --format html, got --format markdown" in err) == (2, True)


def test_templates_escape_texts_and_attributes_and_refuse_unknown_names():
    page = environment().from_string('<p title="{{ value }}">{{ value }}</p>')
    assert page.render(value="<b>\"'&") == '<p title="&lt;b&gt;&#34;&#39;&amp;">&lt;b&gt;&#34;&#39;&amp;</p>'
    with pytest.raises(UndefinedError, match="'value' is undefined"):
        page.render()


def test_only_pages_that_come_with_hsbench_are_markup():
    unescaped = {
        path.name: re.findall(r"[{(|]([^{(|]*)\|\s*safe\b", path.read_text()) for path in TEMPLATES.glob("*.html")
    }
    assert {name: [value.strip() for value in values] for name, values in unescaped.items() if values} == {
        "differences.html": ["cells[0]", "cell"],
        "limits.html": ["limits"],
    }


def test_cells_sort_by_numbers_with_all_their_digits():
    assert [sort_value(value) for value in (0.1 + 0.2, 3, "33031", None, "")] == [
        *("0.30000000000000004", "3.0", "33031.0", "", ""),
    ]


def test_directions_name_every_metric_on_its_side():
    known = [info(name) for name in ("mse", "lsd", "si_snr")]
    assert directions(known) == "Lower is better for MSE and LSD; higher is better for SI-SNR"
    assert directions(known[2:]) == "Higher is better for SI-SNR"
