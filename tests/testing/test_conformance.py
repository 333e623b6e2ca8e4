"""The conformance checks accept correct plug-ins, reject each kind of incorrect one, and accept the built-in ones."""

import sys
from pathlib import Path

import pytest

from hsbench import registry
from hsbench.budgets import BUDGETS
from hsbench.descriptors import CorpusDescriptor, MetricDescriptor, MetricInfo, ModelDescriptor
from hsbench.errors import UnknownNameError
from hsbench.testing import ConformanceError, check_corpus, check_metric, check_model

DOUBLES = Path(__file__).with_name("doubles.py")


@pytest.fixture(autouse=True)
def doubles():
    registry.import_file(DOUBLES)
    return sys.modules["hsbench_import_doubles"]


@pytest.fixture
def no_new_interpreter(monkeypatch):
    """Skip the check that starts a new interpreter; the tests of built-in plug-ins and of the example include it."""
    monkeypatch.setattr("hsbench.testing.checks._check_light", lambda checks, kind, name: None)


def model(fault="", **changes):
    facts = {
        "name": "double",
        "target": "hsbench_import_doubles:Model",
        "summary": "a double",
        "defaults": {"fault": fault},
    }
    return ModelDescriptor(**(facts | changes))


def metric(name, **changes):
    facts = {"label": "Double", "better": "lower", "ideal": 0.0, "bounds": (0.0, None), "tolerance": 1e-9} | changes
    info = MetricInfo(**facts)
    return MetricDescriptor("double", f"hsbench_import_doubles:{name}_metric", summary="a double", info=info)


def corpus(fault="", **changes):
    facts = {"summary": "a double", "defaults": {"fault": fault}, "description": "noise", "licence": "none"}
    return CorpusDescriptor("double", "hsbench_import_doubles:Corpus", **(facts | changes))


def test_a_correct_model_passes_and_all_checks_are_printed(capsys):
    passed = check_model(model())
    lines = capsys.readouterr().out.splitlines()
    assert "a training that was interrupted ends the same" in passed
    assert "a group that was interrupted ends the same" in passed
    assert [f"model double, {name}: ok" for name in passed] == [line for line in lines if line.endswith(": ok")]
    assert lines[1] == (
        "model double, the descriptor imports nothing heavy: not run, "
        "double is not installed as an entry point of hsbench.models"
    )


def test_a_model_that_trains_must_say_so(no_new_interpreter):
    sentence = "it learns nothing, as its descriptor says: raised DataError.*say trains=True"
    with pytest.raises(ConformanceError, match=sentence):
        check_model(model(trains=False))
    with pytest.raises(ConformanceError, match="trains_when names start, but there is no such setting"):
        check_model(model(trains=False, trains_when={"start": "learned"}))


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ("does not construct", "it is constructed from its defaults: raised TypeError"),
        ("group is nothing", "group must be a whole number from 1, got 0"),
        ("group of its own", "group must be an attribute of the class"),
        ("facts are no JSON", "its fit returns facts or None: raised TypeError"),
        ("drops a clip", "each clip is reconstructed once: raised DataError"),
        ("gives a clip twice", "each clip is reconstructed once: raised DataError"),
        ("wrong length", r"expected float32 \[4096\], got float32 \[4095\]"),
        ("wrong type", r"expected float32 \[4096\], got float64"),
        ("a list", "expected a numpy array, got list"),
        ("not finite", "samples that are not finite: 1 of 4096"),
        ("negative payload", "numbers must be a whole number from 0, got -1"),
        ("half a bit", "bits must be a whole number from 0 or None, got 0.5"),
        ("stores more than it counts", "the weights have 3 numbers, but the payload counts 2"),
        ("unknown status", "status must be one of ok, diverged, collapsed, got 'fine'"),
        ("negative time", "seconds must be a duration"),
        ("half a step", "steps must be a whole number from 0, got 0.5"),
        ("changes the clip", "the clips are not changed"),
        ("reports no progress", "never called context.progress"),
        ("progress beyond the total", "done must lie between 0 and total"),
        ("progress stops early", "done must equal total in the last call"),
        ("global randomness", "the same seed gives the same clip: check_0 differs by"),
        ("randomness by place", "a clip does not depend on its group: check_1 differs by"),
        ("divides by the peak", "the reconstruction of silence is finite"),
        ("misreads its checkpoint", "differs by"),
        ("trains again", "a second fit trained again"),
        ("keeps another level", "between the process that trained and a later process"),
        ("resumes from the wrong place", "between a training without interruption and a resumed one"),
    ],
)
def test_an_incorrect_model_is_rejected(no_new_interpreter, fault, sentence):
    with pytest.raises(ConformanceError, match=f"^model double, .*{sentence}"):
        check_model(model(fault))


def test_a_group_that_resumes_from_a_wrong_checkpoint_is_rejected(no_new_interpreter, doubles, monkeypatch):
    def reconstruct(self, clips, context):
        begun = (context.scratch / "begun").exists()
        context.scratch.mkdir(parents=True, exist_ok=True)
        (context.scratch / "begun").touch()
        for clip in clips:
            reconstruction = self._reconstruct_clip(0, clip, context)
            reconstruction.waveform[0] += begun
            yield reconstruction
            context.progress(1, 1)
        (context.scratch / "begun").unlink()

    monkeypatch.setattr(doubles.Model, "reconstruct", reconstruct)
    with pytest.raises(ConformanceError, match="a group that was interrupted ends the same: check_0 differs by 1"):
        check_model(model())


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"summary": ""}, "the summary is empty"),
        ({"version": 0}, "a version is a whole number from 1"),
        ({"target": "nowhere"}, "a target is 'module:attribute'"),
        ({"name": "my/model"}, "a name consists of letters"),
        ({"name": "my--model"}, "a name consists of letters"),
        ({"defaults": {"fault": float("nan")}}, "the descriptor is complete: raised ValueError"),
        ({"budgets": {"smoke": {"steps": 1}}}, "for none or for all of smoke, quick, standard, paper, got smoke"),
        ({"budgets": {key: {"fault": 1} for key in BUDGETS}}, "fault: in the defaults and in the budgets"),
        (
            {"budgets": {key: {} if key == "quick" else {"a": 1} for key in BUDGETS}},
            "every budget must have the same training settings",
        ),
        ({"decode_settings": ("width",)}, "decode_settings names width, but there is no such setting"),
        ({"places": {"path": "DIR"}}, "places names path"),
        ({"neutral": {"rank": None}}, "neutral names rank"),
        ({"function_of_time": True}, "its descriptor says function_of_time=True, but the model has no method play"),
        ({"target": "hsbench_import_doubles:TimeFunction"}, "function_of_time=False, but the model has a method play"),
        (
            {"target": "hsbench_import_doubles:WithoutWeights", "function_of_time": True},
            "a function of time must return the weights of each clip",
        ),
        ({"target": "hsbench_import_doubles:Nothing"}, "it is constructed from its defaults: raised AttributeError"),
    ],
)
def test_an_incorrect_descriptor_is_rejected(no_new_interpreter, changes, sentence):
    with pytest.raises(ConformanceError, match=sentence):
        check_model(model(**changes))


@pytest.mark.parametrize(
    ("check", "descriptor", "expected"),
    [
        (check_model, metric("good"), "ModelDescriptor"),
        (check_metric, corpus(), "MetricDescriptor"),
        (check_corpus, model(), "CorpusDescriptor"),
    ],
)
def test_a_descriptor_of_another_kind_is_rejected(no_new_interpreter, check, descriptor, expected):
    sentence = f"expected an hsbench.descriptors.{expected}, got {type(descriptor).__name__}"
    with pytest.raises(ConformanceError, match=sentence):
        check(descriptor)


def test_unknown_settings_and_models_are_rejected():
    with pytest.raises(ConformanceError, match=r"settings \['width'\] do not exist"):
        check_model(model(), settings={"width": 3})
    with pytest.raises(UnknownNameError, match="unknown model 'no-such-model'"):
        check_model("no-such-model")


def test_correct_metrics_pass(no_new_interpreter):
    passed = check_metric(metric("good"))
    assert "value or status of signals of unequal length" in passed
    assert "a prepared reference gives the same values" not in passed
    assert "a prepared reference gives the same values" in check_metric(metric("prepared"))
    check_metric(metric("undefined"))
    check_metric(metric("silence", undefined_for=("target_silent",)))
    check_metric(metric("short", min_samples=100))
    check_metric(metric("good", sample_rate=16000))


@pytest.mark.parametrize(
    ("name", "changes", "sentence"),
    [
        ("nan", {}, "returned nan; raise hsbench.metrics.base.Undefined"),
        ("array", {}, "expected one number for the pair, got ndarray"),
        ("below", {}, r"returned -0.9.*, outside its bounds \(0.0, None\)"),
        ("upside_down", {"ideal": None}, "more noise is worse, and lower is better: noise at 0.003, 0.03, 0.3"),
        ("good", {"better": "higher", "ideal": None}, "more noise is worse, and higher is better"),
        ("constant", {}, "more noise is worse"),
        ("offset", {}, "the reference itself has the value 0.5, but the ideal is 0"),
        ("offset", {"ideal": None}, "the reference itself has the value 0.5, but the ideal is 0"),
        ("modifying", {}, "it changed its arguments"),
        ("unstable", {}, "the second time"),
        ("silence", {}, "value or status of a silent reference: got error:ZeroDivisionError"),
        ("short", {}, "value or status of the shortest permitted signals: got error:ValueError"),
        ("state_changing", {}, "a prepared reference gives the same values"),
        ("good", {"better": "less"}, "better must be lower or higher, got 'less'"),
        ("good", {"label": ""}, "the label is empty"),
        ("good", {"tolerance": 0}, "tolerance must be above 0"),
        ("good", {"bounds": (1.0, 0.0)}, "bounds must be"),
        ("good", {"ideal": -1.0}, "the ideal -1.0 lies outside"),
        ("good", {"undefined_for": ("silence",)}, "undefined_for may contain"),
        ("good", {"min_samples": -1}, "min_samples must be a whole number"),
    ],
)
def test_an_incorrect_metric_is_rejected(no_new_interpreter, name, changes, sentence):
    with pytest.raises(ConformanceError, match=f"^metric double, .*{sentence}"):
        check_metric(metric(name, **changes))


def test_a_correct_corpus_passes(no_new_interpreter):
    assert "the splits share no speaker" in check_corpus(corpus())
    assert "the splits share no speaker" not in check_corpus(corpus("shared speakers"), by_speaker=False)


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ("another name", "its attribute name is 'another'"),
        ("reasons in a list", r"completeness\(\) must return a tuple"),
        ("not stable", "the fingerprint differs when the corpus is opened again"),
        ("accepts every split", "an unknown split is refused"),
        ("another version", "a manifest says double version 2"),
        ("duplicate ids", "more than one item has the id train_0-0"),
        ("unsorted", "must be sorted by id"),
        ("path in an id", "and no path, got '../train_0'"),
        ("shared clips", "both splits have the id 'clip_0'"),
        ("shared sources", "both splits have the source '0.wav'"),
        ("shared speakers", "both splits have the speaker 'voice0'"),
        ("path out of the folder", "source must be a path below the folder of the corpus"),
        ("checksum cut short", "sha256 must be that of its 16-bit samples"),
        ("sex in words", "sex must be 'F', 'M' or ''"),
        ("negative offset", "offset must be a whole number from 0"),
        ("other length", "has 90 samples, but the preparation says clip_samples=100"),
        ("short clip", "has 99 samples instead of 100"),
        ("changes when loaded again", "has another waveform when it is loaded again"),
        ("not normalised", "its manifest says peak_normalise"),
        ("too loud", "but full scale is"),
        ("another rate", "has 16000 Hz, but its manifest has 8000 Hz"),
        ("another speaker", "the clip has .*, but its item has"),
    ],
)
def test_an_incorrect_corpus_is_rejected(no_new_interpreter, fault, sentence):
    with pytest.raises(ConformanceError, match=f"^corpus double, .*{sentence}"):
        check_corpus(corpus(fault))


def test_a_corpus_without_a_licence_is_rejected():
    with pytest.raises(ConformanceError, match="the descriptor lacks licence"):
        check_corpus(corpus(licence=""))


SMALL = {
    "hypersound-fmlp": (
        {"width": 12, "layers": 2},
        {"epochs": 3, "epoch_samples": 2, "batch": 2, "channels": 1, "hidden": "16", "coordinates": None},
    ),
    "inr-siren": ({"width": 16, "layers": 2, "omega_0": 100.0}, {"steps": 10, "coordinates": None}),
}


@pytest.mark.parametrize(
    "name",
    [
        *("identity", "silence", "noise", "scaled", "delayed", "random-phase", "mdct-top-k", "inr-siren"),
        pytest.param("hypersound-fmlp", marks=pytest.mark.slow),
    ],
)
def test_the_built_in_models_pass(name):
    settings, training = SMALL.get(name, ({}, {}))
    passed = check_model(name, settings=settings, training=training)
    assert "the descriptor imports nothing heavy" in passed
    assert ("a training that was interrupted ends the same" in passed) == name.startswith("hypersound")


@pytest.mark.parametrize("name", [name for name in registry.names("metrics") if name != "cdpam"])
def test_the_built_in_metrics_pass(name):
    assert len(check_metric(name)) >= 15


@pytest.mark.slow
def test_cdpam_passes():
    assert "a prepared reference gives the same values" in check_metric("cdpam")


def test_the_demo_corpus_passes():
    assert "the splits share no speaker" in check_corpus("demo")
