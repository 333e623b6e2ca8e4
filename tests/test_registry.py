"""The registry: built-in names, look-ups, plug-ins, descriptors, and settings that stay out of the key of a cell."""

import dataclasses

import pytest

from hsbench import registry
from hsbench.descriptors import (
    CLASSES,
    CorpusDescriptor,
    Descriptor,
    ExperimentDescriptor,
    MetricDescriptor,
    ModelDescriptor,
)
from hsbench.errors import BackendMissingError, UnknownNameError, UsageError


def descriptor(**changes):
    facts = {"name": "mine", "target": "mine:Mine", "origin": "my-package"}
    return ModelDescriptor(**(facts | changes))


@pytest.fixture
def own_table(monkeypatch):
    """A copy of the table of models, which a test may change."""
    table = dict(registry._table("models"))
    monkeypatch.setattr(registry, "_table", lambda kind: table)
    return table


def test_the_built_in_names_are_registered_and_load():
    assert {"inr-fmlp", "inr-siren"} <= set(registry.names("models"))
    assert {"mse", "mae", "snr", "psnr", "si_snr", "lsd"} <= set(registry.names("metrics"))
    assert "demo" in registry.names("corpora")
    assert "table2d" in registry.names("experiments")
    for kind in registry.KINDS:
        for name in registry.names(kind):
            if not registry.get(kind, name).missing():
                assert callable(registry.get(kind, name).load())


@pytest.mark.parametrize("near", ["inr-sirn", "inr-siren2", "siren"])
def test_the_error_of_an_unknown_name_suggests_the_nearest_one(near):
    with pytest.raises(UnknownNameError, match=r"did you mean 'inr-siren'\? See: hsbench list models"):
        registry.get("models", near)


def test_the_error_of_a_name_without_a_near_one_lists_all_names():
    with pytest.raises(UnknownNameError, match="known: demo"):
        registry.get("corpora", "zzzzzzz")


@pytest.mark.parametrize(
    ("look_up", "name", "cls"),
    [
        (registry.model, "inr-siren", ModelDescriptor),
        (registry.metric, "lsd", MetricDescriptor),
        (registry.corpus, "demo", CorpusDescriptor),
        (registry.experiment, "table2b", ExperimentDescriptor),
    ],
)
def test_typed_look_ups_return_the_same_as_get(look_up, name, cls):
    assert type(look_up(name)) is cls
    assert look_up(name) is registry.get(cls.kind, name)
    with pytest.raises(UnknownNameError, match=f"unknown {cls.noun} 'zzzzzzz'"):
        look_up("zzzzzzz")


def test_the_error_of_a_duplicate_name_names_both_packages(own_table):
    registry.register(descriptor())
    with pytest.raises(UsageError, match=r"'mine': my-package \(mine:Mine\) and other \(mine:Mine\); rename one"):
        registry.register(descriptor(origin="other"))


def test_the_error_of_a_missing_package_says_how_to_install_it():
    with pytest.raises(BackendMissingError, match=r"needs no_such_module, .* pip install no_such_module"):
        descriptor(needs=("json", "no_such_module")).load()


def test_a_missing_extra_or_path_is_reported_with_the_option_that_adds_it():
    extra = descriptor(needs=("no_such_module",), extra="codecs")
    assert extra.not_given({}) == "not given: pip install 'hsbench[codecs]'"
    with pytest.raises(BackendMissingError, match=r"pip install 'hsbench\[codecs\]'"):
        extra.load()
    placed = descriptor(places={"path": "DIR"})
    assert placed.not_given({"path": None}) == "not given: --set mine.path=DIR"
    assert placed.not_given({"path": "somewhere"}) is None
    assert descriptor(needs=("no_such_module",)).not_given({}) is None


def test_entry_points_are_read_and_the_error_names_a_broken_one(monkeypatch):
    class Point:
        value, group = "their:DESCRIPTOR", "hsbench.models"

        def __init__(self, loaded):
            self.loaded = loaded

        def load(self):
            if isinstance(self.loaded, Exception):
                raise self.loaded
            return self.loaded

    def points(loaded):
        monkeypatch.setattr(registry, "entry_points", lambda: {"models": [Point(loaded)]})
        table = {}
        registry._add_entry_points(table, "models")
        return table

    assert list(points(descriptor())) == ["mine"]
    assert list(points([descriptor(), descriptor(name="second")])) == ["mine", "second"]
    with pytest.raises(UsageError, match=r"their:DESCRIPTOR.*cannot be imported \(ImportError"):
        points(ImportError("no"))
    expected = "'their:DESCRIPTOR' should give an hsbench.descriptors.ModelDescriptor in the group hsbench.models"
    with pytest.raises(UsageError, match=f"{expected}, got str; tell its author"):
        points("nonsense")
    with pytest.raises(UsageError, match=f"{expected}, got CorpusDescriptor"):
        points([descriptor(), CorpusDescriptor("mine", "mine:Mine")])


def test_a_descriptor_without_a_kind_is_refused(own_table):
    with pytest.raises(UsageError, match=r"expects one of ModelDescriptor, .* of hsbench.descriptors, got Descriptor"):
        registry.register(Descriptor("mine", "mine:Mine"))
    with pytest.raises(UsageError, match="got dict; declare what you register"):
        registry.register({"name": "mine", "target": "mine:Mine"})
    assert "mine" not in own_table


def test_the_error_names_an_imported_file_that_raises(tmp_path):
    (tmp_path / "broken.py").write_text("1 / 0\n")
    expected = r"--import broken.py stopped in line 1 with ZeroDivisionError: division by zero; repair it\."
    with pytest.raises(UsageError, match=expected):
        registry.import_file(tmp_path / "broken.py")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("x = (\n", "--import mine.py stopped in line 1 with SyntaxError: '(' was never closed"),
        ("\nimport no_such_module\n", "stopped in line 2 with ModuleNotFoundError: No module named 'no_such_module'"),
        ("import json\n\n\njson.loads('{')\n", "stopped in line 4 with JSONDecodeError: Expecting property name"),
        ("import sys\nsys.exit(0)\n", "stopped in line 2 with SystemExit: 0; repair it."),
        ("raise ValueError('two\\nlines')\n", "stopped in line 1 with ValueError: two lines; repair it."),
        ("raise KeyError\n", "stopped in line 1 with KeyError; repair it."),
        ("from hsbench import registry\nregistry.register(3)\n", "--import mine.py: register expects one of"),
        ("from hsbench import registry\nregistry.get('models', 'x')\n", "--import mine.py: unknown model 'x'"),
    ],
)
def test_an_error_of_an_imported_file_is_one_sentence_with_the_line(tmp_path, text, sentence):
    (tmp_path / "mine.py").write_text(text)
    with pytest.raises(UsageError) as caught:
        registry.import_file(tmp_path / "mine.py")
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_package_that_an_imported_file_reports_keeps_its_exit_code(tmp_path):
    (tmp_path / "mine.py").write_text("from hsbench.errors import BackendMissingError as E\nraise E('needs x')\n")
    with pytest.raises(BackendMissingError, match="^needs x$"):
        registry.import_file(tmp_path / "mine.py")


def test_only_the_code_of_plug_ins_is_blamed_for_an_exception():
    def fail(*values):
        raise KeyError(*values)

    with pytest.raises(
        UsageError, match=r"^model 'mine' stopped in test_registry.py, line \d+, with KeyError: 3; repair"
    ):
        registry.call(descriptor(), fail, 3)
    with pytest.raises(UsageError, match=r"^model 'mine': no$"):
        registry.call(descriptor(), _raise, UsageError("no"))
    with pytest.raises(KeyError):
        registry.call(registry.model("inr-siren"), fail)
    assert registry.call(descriptor(), max, 2, 3) == 3


def _raise(error):
    raise error


@pytest.mark.parametrize("name", ["in/side", "", ".hidden", "a b", "lsd@48000", None, 3])
def test_a_name_that_cannot_be_part_of_a_folder_name_is_refused(own_table, name):
    with pytest.raises(UsageError, match=r"the name of the model .* should hold letters, digits, .* only, got"):
        registry.register(descriptor(name=name))


@pytest.mark.parametrize("target", ["mine", None, descriptor])
def test_a_target_of_another_form_is_refused(own_table, target):
    with pytest.raises(UsageError, match=r"the target of the model 'mine' should have the form module:attribute, got"):
        registry.register(descriptor(target=target))


def test_importing_a_file_that_does_not_exist_is_an_error(tmp_path):
    (tmp_path / "loop.py").symlink_to("loop.py")
    for name in ("none.py", "loop.py", ".", "a" * 300):
        with pytest.raises(UsageError, match="--import expects a Python file"):
            registry.import_file(tmp_path / name)


def test_hypersound_siren_differs_from_hypersound_fmlp_in_encoding_learning_rate_and_start_only():
    fmlp, siren = (registry.model(f"hypersound-{kind}") for kind in ("fmlp", "siren"))
    assert siren.target == fmlp.target
    assert siren.switches == fmlp.switches
    assert "encoding_length" in fmlp.defaults
    assert "encoding_length" not in siren.defaults
    for name, training in fmlp.budgets.items():
        changed = {key for key, value in siren.budgets[name].items() if value != training[key]}
        start = {"head_start", "output_scale"} if name == "quick" else set()
        assert changed == {"learning_rate", *start}, name
    assert (fmlp.budgets["paper"]["learning_rate"], siren.budgets["paper"]["learning_rate"]) == (1e-4, 1e-6)


@pytest.mark.parametrize("name", registry.names("models"))
def test_every_model_declares_whether_it_is_a_function_of_time(name):
    model = registry.model(name)
    if not model.missing():
        assert model.function_of_time == hasattr(model.load(), "play")


TOY = descriptor(
    defaults={"width": 4, "rank": 8, "tied": True},
    budgets={"smoke": {"steps": 1, "decay": 0.0}, "quick": {"steps": 2, "decay": 0.5}},
    neutral={"rank": None, "tied": False, "decay": 0.0},
)


def test_settings_with_their_neutral_value_do_not_enter_the_key():
    assert TOY.key_settings({"width": 4, "rank": None, "tied": False}) == {"width": 4}
    assert TOY.key_settings(TOY.defaults) == {"width": 4, "rank": 8, "tied": True}
    assert TOY.key_settings(TOY.budgets["smoke"]) == {"steps": 1}
    assert TOY.key_settings(TOY.budgets["quick"]) == {"steps": 2, "decay": 0.5}


@pytest.mark.parametrize("settings", [{"tied": 0}, {"decay": 0}, {"decay": False}, {"rank": ""}])
def test_a_value_of_another_type_is_not_the_neutral_value(settings):
    assert TOY.key_settings(settings) == settings


@pytest.mark.parametrize("rank", [None, 0, 8])
@pytest.mark.parametrize("tied", [True, False])
def test_settings_that_the_key_omits_are_restored(rank, tied):
    settings = {"width": 4, "rank": rank, "tied": tied}
    assert TOY.model_settings(TOY.key_settings(settings)) == settings


def test_model_settings_and_training_settings_get_their_own_neutral_settings():
    assert TOY.model_settings({"width": 4}) == {"width": 4, "rank": None, "tied": False}
    assert TOY.training_settings({"steps": 1}, "smoke") == {"steps": 1, "decay": 0.0}
    assert TOY.training_settings({"steps": 1}, "paper") == {"steps": 1}
    assert TOY.all_settings({}, ["tied", "width"]) == {"tied": False}


def test_a_new_setting_changes_no_key_of_existing_cells():
    old = descriptor(defaults={"width": 4})
    new = descriptor(defaults={"width": 4, "rank": None}, neutral={"rank": None})
    moved = dataclasses.replace(new, defaults={"width": 4, "rank": 8})
    assert new.key_settings(new.defaults) == old.key_settings(old.defaults)
    assert moved.key_settings(moved.defaults) == {"width": 4, "rank": 8}
    assert moved.model_settings(old.key_settings(old.defaults)) == {"width": 4, "rank": None}


def test_the_neutral_settings_of_built_in_models_exist():
    for name in registry.names("models"):
        model = registry.model(name)
        known = {*model.defaults, *(key for training in model.budgets.values() for key in training)}
        assert set(model.neutral) <= known, name


def test_each_kind_has_one_descriptor_class():
    assert tuple(CLASSES) == registry.KINDS == ("models", "metrics", "corpora", "experiments")
    for kind in registry.KINDS:
        assert {type(registry.get(kind, name)) for name in registry.names(kind)} == {CLASSES[kind]}
