"""Figures of the zoo: progress of fits, quality by frequency of the first layer, and errors by third octave."""

import dataclasses
import shutil

import numpy as np
import pytest

from hsbench.analysis.progress import progress, steps_to
from hsbench.audio.io import wav_bytes, write_wav
from hsbench.planning.request import Request
from hsbench.planning.resolve import Resolved
from hsbench.planning.selection import select
from hsbench.report.figures import first_layer, spectra
from hsbench.report.figures import progress as progress_figure
from hsbench.report.figures.base import Drawn, Subject
from hsbench.report.table import build
from hsbench.results.store import Results
from hsbench.results.view import ViewRow

from .conftest import CLIPS, RATE, SAMPLES, make_view, tone

ROWS = ("SIREN 430Hz", "SIREN 860Hz", "SIREN 1700Hz", "FMLP 430Hz", "FMLP 860Hz")
GAINS = dict(zip(ROWS, (10.0, 20.0, 15.0, 5.0, 8.0), strict=True))
"""Row -> SI-SNR that its fits gain in a hundred steps."""


def si_snr(row, clip, step):
    return GAINS[row] * step / 100 + 0.5 * CLIPS.index(clip)


@pytest.fixture(scope="module")
def subject(tmp_path_factory):
    (selection,) = select(Request(("zoo-tune",), budget="quick"))
    resolved, store, rows = Resolved(selection, "cpu"), Results(tmp_path_factory.mktemp("results")), []
    store.add_references(
        [
            (
                {
                    "clip": clip,
                    "corpus": "demo",
                    "fingerprint": "f",
                    "speaker": "v",
                    "sex": "F",
                    "source": "s",
                    "offset": 0,
                    "samples": SAMPLES,
                    "sample_rate": RATE,
                    "audio": f"{index:064d}.wav",
                },
                wav_bytes(tone(clip), RATE),
            )
            for index, clip in enumerate(CLIPS)
        ]
    )
    for row in (row for row in selection.rows if row.name in ROWS):
        cell = resolved.cell(row, 0)
        folder = store.folder(cell.folder)
        folder.write_spec(cell)
        for step in range(0, 101, 10):
            values = {"of another view": 99.0, **{clip: si_snr(row.name, clip, step) for clip in CLIPS}}
            folder.append_curve(
                {
                    "step": step,
                    "loss": 0.1,
                    "lr": 1e-3,
                    "seconds": 0.1,
                    "first": CLIPS[0],
                    "si_snr": values,
                }
            )
        facts = {"status": "ok", "numbers": 33031, "bits": None, "steps": 300, "seconds": 0.1, "clipped": 0.0}
        folder.append_reconstructions({"clip": clip, **facts} for clip in CLIPS)
        folder.append_scores(
            {
                "clip": clip,
                "metric": "si_snr",
                "version": 1,
                "status": "ok",
                "seconds": 0.0,
                "value": si_snr(row.name, clip, 100),
            }
            for clip in CLIPS
        )
        for clip in CLIPS:
            write_wav(folder.audio(clip), tone(clip) * 0.9, RATE)
        rows.append(ViewRow(row.name, row.model, "demo", None, (cell.folder,)))
    columns = ("step_operations", "steps_to_20_db")
    view = make_view(experiment="zoo-tune", rows=tuple(rows), metrics=("si_snr",), columns=columns, table=None)
    return Subject(store, build(view, store))


def test_progress_is_read_from_the_learning_curves_for_the_clips_of_the_view(subject):
    folder = subject.results.folder(subject.view.rows[0].cells[0])
    by_step = progress(folder, CLIPS)
    assert list(by_step) == list(range(0, 101, 10))
    assert set(by_step[50]) == set(CLIPS)
    assert by_step[50][CLIPS[3]] == pytest.approx(5.0 + 1.5)


def test_steps_to_a_level_are_those_of_the_mean_over_clips(subject):
    """The mean over twelve clips is 2.75 dB above that of the first."""
    folders = [subject.results.folder(row.cells[0]) for row in subject.view.rows]
    assert steps_to(20.0, folders[1:2], CLIPS) == 90
    assert steps_to(20.0, folders[:1], CLIPS) is None
    assert steps_to(10.0, folders[:2], CLIPS) == (80 + 40) / 2
    assert steps_to(20.0, folders[:1], ["none"]) is None
    costs = {row.name: row.costs for row in subject.table.rows}
    assert costs["SIREN 860Hz"].steps_to_20_db == 90
    assert costs["FMLP 860Hz"].steps_to_20_db is None
    assert costs["SIREN 860Hz"].step_operations == 4096 * 6 * 33031


def test_the_progress_figure_has_a_line_and_a_band_per_row_over_steps_and_operations(subject):
    drawn = progress_figure.draw(subject)
    assert isinstance(drawn, Drawn)
    by_step, by_cost = drawn.figure.axes
    for axes in (by_step, by_cost):
        assert len(axes.lines) == len(axes.collections) == len(ROWS)
    assert by_step.lines[1].get_xdata()[-1] == 100
    assert by_cost.lines[1].get_xdata()[-1] == pytest.approx(101 * 4096 * 6 * 33031 * 1e-9)
    assert [text.get_text() for text in drawn.figure.legends[0].get_texts()] == list(ROWS)


def test_frequencies_of_the_first_layer_are_lines_of_families(subject):
    drawn = first_layer.draw(subject)
    (axes,) = drawn.figure.axes
    lines = [container.lines[0] for container in axes.containers]
    assert lines[0].get_xdata() == pytest.approx([430, 860, 1700], rel=1e-6)
    assert lines[1].get_xdata() == pytest.approx([512 * 22050 / 32768, 1024 * 22050 / 32768], rel=1e-6)
    assert [text.get_text() for text in drawn.figure.legends[0].get_texts()] == ["SIREN", "FMLP"]


def test_rows_that_differ_in_more_than_a_frequency_are_no_family(subject):
    names = ("SIREN", "SIREN scaled", "SIREN 1e-3", "FMLP", "KAN")
    rows = [dataclasses.replace(row, name=name) for row, name in zip(subject.view.rows, names, strict=True)]
    view = dataclasses.replace(subject.view, rows=tuple(rows))
    assert first_layer.draw(Subject(subject.results, build(view, subject.results))) is None


def test_a_band_has_the_ratio_of_what_it_lost():
    """A tone at nine tenths has a tenth of error, 20 dB; a band that is missing has 0 dB."""
    t = np.arange(22050) / RATE
    low, high = np.sin(2 * np.pi * 400 * t), 0.5 * np.sin(2 * np.pi * 3200 * t)
    values = spectra.band_snr((low + high).astype(np.float32), (0.9 * low).astype(np.float32), RATE)
    centres = spectra.thirds(RATE)
    assert values[np.argmin(abs(centres - 400))] == pytest.approx(20.0, abs=0.01)
    assert values[np.argmin(abs(centres - 3200))] == pytest.approx(0.0, abs=0.01)
    assert centres[-1] * 2 ** (1 / 6) <= RATE / 2
    assert np.allclose(centres[3:] / centres[:-3], 2)


def test_the_spectra_have_a_line_per_row(subject):
    drawn = spectra.draw(subject)
    axes = drawn.figure.axes[0]
    (image,) = axes.images
    assert image.get_array().shape == (len(ROWS), len(spectra.thirds(RATE)))
    assert [label.get_text() for label in axes.get_yticklabels()] == list(ROWS)
    pitches = [200 + 50 * number for number in range(len(CLIPS))]
    band = int(np.argmin(abs(spectra.thirds(RATE) - np.median(pitches))))
    assert image.get_array()[0, band] == pytest.approx(20.0, abs=0.5)


def test_other_experiments_have_none_of_them(subject):
    view = dataclasses.replace(subject.view, columns=())
    other = Subject(subject.results, build(view, subject.results))
    assert [kind.draw(other) for kind in (progress_figure, first_layer, spectra)] == [None] * 3


def test_a_missing_curve_or_sound_is_a_sentence(subject, tmp_path):
    results = Results(shutil.copytree(subject.results.root, tmp_path / "results"))
    for row in subject.view.rows:
        folder = results.folder(row.cells[0])
        (folder.path / "fit.jsonl").unlink()
        for clip in CLIPS:
            folder.audio(clip).unlink()
    without = Subject(results, subject.table)
    assert progress_figure.draw(without).startswith("Progress: no fit")
    assert spectra.draw(without).startswith("Spectra: no row")
