"""The conformance checks pass what is good and catch each broken promise; the built-in plug-ins keep theirs."""

import sys
from pathlib import Path

import pytest

from hsbench import registry
from hsbench.descriptors import CorpusDescriptor, MetricDescriptor, MetricInfo, ModelDescriptor
from hsbench.errors import UnknownNameError
from hsbench.spec import BUDGETS
from hsbench.testing import ConformanceError, check_corpus, check_metric, check_model

DOUBLES = Path(__file__).with_name("doubles.py")


@pytest.fixture(autouse=True)
def doubles():
    registry.import_file(DOUBLES)
    return sys.modules["hsbench_import_doubles"]


@pytest.fixture
def here(monkeypatch):
    """Without a fresh interpreter for each double; the built-in plug-ins and the example have theirs."""
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


def test_a_good_model_passes_and_what_ran_is_said(capsys):
    ran = check_model(model())
    said = capsys.readouterr().out.splitlines()
    assert "a training that was stopped ends the same" in ran
    assert "a group that was stopped ends the same" in ran
    assert [f"model double, {name}: ok" for name in ran] == [line for line in said if line.endswith(": ok")]
    assert said[1] == (
        "model double, the descriptor imports nothing heavy: not run, "
        "double is not installed as an entry point of hsbench.models"
    )


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ("does not construct", "it is made from its defaults: raised TypeError"),
        ("group is nothing", "group is a whole number from 1, got 0"),
        ("group of its own", "group should be an attribute of the class"),
        ("facts are no JSON", "its fit gives facts or nothing: raised TypeError"),
        ("drops a clip", "each clip comes back once: raised DataError"),
        ("gives a clip twice", "each clip comes back once: raised DataError"),
        ("wrong length", r"expected float32 \[4096\], got float32 \[4095\]"),
        ("wrong type", r"expected float32 \[4096\], got float64"),
        ("a list", "expected a numpy array, got list"),
        ("not finite", "1 of its samples are not finite"),
        ("negative payload", "numbers is a whole number from 0, got -1"),
        ("half a bit", "bits is a whole number or None, got 0.5"),
        ("stores more than it counts", "hands over 3 parameters of its own and counts 2"),
        ("unknown status", "a status is one of ok, diverged, collapsed, got 'fine'"),
        ("negative time", "seconds is a time"),
        ("half a step", "steps is a whole number from 0, got 0.5"),
        ("changes the clip", "the clips stay as they were"),
        ("says nothing", "never called context.progress"),
        ("too far", "done lies between 0 and total"),
        ("never ends", "the last call says that all is done"),
        ("global randomness", "the same seed gives the same clip: check_0 differs by"),
        ("randomness by place", "a clip does not depend on its neighbours: check_1 differs by"),
        ("divides by the peak", "silence is rebuilt as something finite"),
        ("stumbles over its scratch", "differs by"),
        ("trains again", "a second fit trained again"),
        ("keeps another level", "in the session that trained and in a later one"),
        ("resumes from the wrong place", "undisturbed and after an interrupt of fit"),
    ],
)
def test_a_model_that_breaks_a_promise_is_caught(here, fault, sentence):
    with pytest.raises(ConformanceError, match=f"^model double, .*{sentence}"):
        check_model(model(fault))


def test_a_group_that_goes_on_from_a_bad_checkpoint_is_caught(here, doubles, monkeypatch):
    def reconstruct(self, clips, context):
        begun = (context.scratch / "begun").exists()
        context.scratch.mkdir(parents=True, exist_ok=True)
        (context.scratch / "begun").touch()
        for one in clips:
            made = self._one(0, one, context)
            made.waveform[0] += begun
            yield made
            context.progress(1, 1)
        (context.scratch / "begun").unlink()

    monkeypatch.setattr(doubles.Model, "reconstruct", reconstruct)
    with pytest.raises(ConformanceError, match="a group that was stopped ends the same: check_0 differs by 1"):
        check_model(model())


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"summary": ""}, "the summary is empty"),
        ({"version": 0}, "a version is a whole number from 1"),
        ({"target": "nowhere"}, "a target is 'module:attribute'"),
        ({"name": "my/model"}, "a name holds letters"),
        ({"name": "my--model"}, "a name holds letters"),
        ({"defaults": {"fault": float("nan")}}, "the descriptor is complete: raised ValueError"),
        ({"budgets": {"smoke": {"steps": 1}}}, "for none or for all of smoke, quick, standard, paper, got smoke"),
        ({"budgets": {key: {"fault": 1} for key in BUDGETS}}, "stands in the defaults"),
        (
            {"budgets": {key: {} if key == "quick" else {"a": 1} for key in BUDGETS}},
            "every budget should set the same keys",
        ),
        ({"decode_settings": ("width",)}, "decode_settings names width, and there is no such setting"),
        ({"places": {"path": "DIR"}}, "places names path"),
        ({"neutral": {"rank": None}}, "neutral names rank"),
        ({"function_of_time": True}, "its descriptor says function_of_time=True, and the model has no method play"),
        ({"target": "hsbench_import_doubles:Player"}, "function_of_time=False, and the model has a method play"),
        (
            {"target": "hsbench_import_doubles:Forgetful", "function_of_time": True},
            "a function of time gives the weights of each clip",
        ),
        ({"target": "hsbench_import_doubles:Nothing"}, "it is made from its defaults: raised AttributeError"),
    ],
)
def test_a_descriptor_that_lacks_something_is_caught(here, changes, sentence):
    with pytest.raises(ConformanceError, match=sentence):
        check_model(model(**changes))


@pytest.mark.parametrize(
    ("check", "given", "wanted"),
    [
        (check_model, metric("good"), "ModelDescriptor"),
        (check_metric, corpus(), "MetricDescriptor"),
        (check_corpus, model(), "CorpusDescriptor"),
    ],
)
def test_a_descriptor_of_another_kind_is_caught(here, check, given, wanted):
    with pytest.raises(ConformanceError, match=f"expected an hsbench.descriptors.{wanted}, got {type(given).__name__}"):
        check(given)


def test_settings_that_there_are_not_are_caught():
    with pytest.raises(ConformanceError, match=r"there are no settings \['width'\]"):
        check_model(model(), settings={"width": 3})
    with pytest.raises(UnknownNameError, match="unknown model 'no-such-model'"):
        check_model("no-such-model")


def test_good_metrics_pass(here):
    ran = check_metric(metric("good"))
    assert "signals of unequal length is a value or a reason" in ran
    assert "a prepared reference gives the same values" not in ran
    assert "a prepared reference gives the same values" in check_metric(metric("prepared"))
    check_metric(metric("honest"))
    check_metric(metric("silence", undefined_for=("target_silent",)))
    check_metric(metric("short", min_samples=100))
    check_metric(metric("good", sample_rate=16000))


@pytest.mark.parametrize(
    ("name", "changes", "sentence"),
    [
        ("nan", {}, "gave nan; raise hsbench.metrics.base.Undefined"),
        ("array", {}, "expected one number for the pair, got ndarray"),
        ("below", {}, r"gave -0.9.*, outside its bounds \(0.0, None\)"),
        ("upside_down", {"ideal": None}, "more noise is worse, and lower is better: noise at 0.003, 0.03, 0.3"),
        ("good", {"better": "higher", "ideal": None}, "more noise is worse, and higher is better"),
        ("deaf", {}, "more noise is worse"),
        ("offset", {}, "the reference itself gave 0.5, and the ideal is 0"),
        ("offset", {"ideal": None}, "the reference itself gave 0.5, and the ideal is 0"),
        ("meddling", {}, "it changed the signals"),
        ("moody", {}, "the second time"),
        ("silence", {}, "a silent reference is a value or a reason: gave error:ZeroDivisionError"),
        ("short", {}, "the shortest signals that it takes is a value or a reason: gave error:ValueError"),
        ("worn", {}, "a prepared reference gives the same values"),
        ("good", {"better": "less"}, "better is lower or higher, got 'less'"),
        ("good", {"label": ""}, "the label is empty"),
        ("good", {"tolerance": 0}, "a tolerance is above 0"),
        ("good", {"bounds": (1.0, 0.0)}, "bounds are"),
        ("good", {"ideal": -1.0}, "the ideal -1.0 lies outside"),
        ("good", {"undefined_for": ("silence",)}, "undefined_for names"),
        ("good", {"min_samples": -1}, "min_samples is a whole number"),
        ("good", {"decimals": 0.5}, "decimals is a whole number"),
    ],
)
def test_a_metric_that_breaks_a_promise_is_caught(here, name, changes, sentence):
    with pytest.raises(ConformanceError, match=f"^metric double, .*{sentence}"):
        check_metric(metric(name, **changes))


def test_a_good_corpus_passes(here):
    assert "the splits share no speaker" in check_corpus(corpus())
    assert "the splits share no speaker" not in check_corpus(corpus("shared speakers"), by_speaker=False)


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ("another name", "its attribute name is 'another'"),
        ("reasons in a list", "completeness gives a tuple"),
        ("not stable", "two readings give two fingerprints"),
        ("any split will do", "a split that there is not is refused"),
        ("another version", "a manifest says double version 2"),
        ("duplicate ids", "train_0-0 stands there more than once"),
        ("unsorted", "sorted by id"),
        ("path in an id", "and no path, got '../train_0'"),
        ("shared clips", "both splits have the id 'clip_0'"),
        ("shared sources", "both splits have the source '0.wav'"),
        ("shared speakers", "both have 'voice0'"),
        ("path out of it", "a source is a path inside it"),
        ("checksum cut short", "sha256 should be that of its 16-bit samples"),
        ("sex in words", "sex is 'F', 'M' or ''"),
        ("negative offset", "an offset is a whole number from 0"),
        ("other length", "has 90 samples and the preparation says clip_samples=100"),
        ("short clip", "has 99 samples and not 100"),
        ("sounds different", "sounds different when it is loaded again"),
        ("not normalised", "its manifest says peak_normalise"),
        ("too loud", "full scale is"),
        ("another rate", "has 16000 Hz, its manifest 8000 Hz"),
        ("another speaker", "the clip says"),
    ],
)
def test_a_corpus_that_breaks_a_promise_is_caught(here, fault, sentence):
    with pytest.raises(ConformanceError, match=f"^corpus double, .*{sentence}"):
        check_corpus(corpus(fault))


def test_a_corpus_says_its_licence():
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
def test_the_built_in_models_keep_their_promises(name):
    settings, training = SMALL.get(name, ({}, {}))
    ran = check_model(name, settings=settings, training=training)
    assert "the descriptor imports nothing heavy" in ran
    assert ("a training that was stopped ends the same" in ran) == name.startswith("hypersound")


@pytest.mark.parametrize("name", [name for name in registry.names("metrics") if name != "cdpam"])
def test_the_built_in_metrics_keep_their_promises(name):
    assert len(check_metric(name)) >= 15


@pytest.mark.slow
def test_cdpam_keeps_its_promises():
    assert "a prepared reference gives the same values" in check_metric("cdpam")


def test_the_demo_corpus_keeps_its_promises():
    assert "the splits share no speaker" in check_corpus("demo")
