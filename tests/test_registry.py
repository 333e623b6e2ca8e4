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
    """The table of models, to which a test may add."""
    table = dict(registry._table("models"))
    monkeypatch.setattr(registry, "_table", lambda kind: table)
    return table


def test_the_built_in_names_are_all_there_and_load():
    assert {"inr-fmlp", "inr-siren"} <= set(registry.names("models"))
    assert {"mse", "mae", "snr", "psnr", "si_snr", "lsd"} <= set(registry.names("metrics"))
    assert "demo" in registry.names("corpora")
    assert "table2d" in registry.names("experiments")
    for kind in registry.KINDS:
        for name in registry.names(kind):
            if not registry.get(kind, name).missing():
                assert callable(registry.get(kind, name).load())


@pytest.mark.parametrize("near", ["inr-sirn", "inr-siren2", "siren"])
def test_an_unknown_name_suggests_the_near_one(near):
    with pytest.raises(UnknownNameError, match=r"did you mean 'inr-siren'\? See: hsbench list models"):
        registry.get("models", near)


def test_a_name_far_from_all_lists_them():
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
def test_typed_look_ups_give_what_get_gives(look_up, name, cls):
    found = look_up(name)
    assert type(found) is cls
    assert found is registry.get(cls.kind, name)
    with pytest.raises(UnknownNameError, match=f"unknown {cls.noun} 'zzzzzzz'"):
        look_up("zzzzzzz")


def test_a_clash_names_both_owners(own_table):
    registry.register(descriptor())
    with pytest.raises(UsageError, match=r"'mine': my-package \(mine:Mine\) and other \(mine:Mine\); rename one"):
        registry.register(descriptor(origin="other"))


def test_a_missing_backend_is_a_sentence_with_the_remedy():
    with pytest.raises(BackendMissingError, match=r"needs no_such_module, .* pip install no_such_module"):
        descriptor(needs=("json", "no_such_module")).load()


def test_what_an_extra_or_a_place_lacks_is_said_with_the_remedy():
    extra = descriptor(needs=("no_such_module",), extra="codecs")
    assert extra.not_given({}) == "not given: pip install 'hsbench[codecs]'"
    with pytest.raises(BackendMissingError, match=r"pip install 'hsbench\[codecs\]'"):
        extra.load()
    placed = descriptor(places={"path": "DIR"})
    assert placed.not_given({"path": None}) == "not given: --set mine.path=DIR"
    assert placed.not_given({"path": "somewhere"}) is None
    assert descriptor(needs=("no_such_module",)).not_given({}) is None


def test_entry_points_are_read_and_a_broken_one_is_named(monkeypatch):
    class Point:
        value, group = "their:DESCRIPTOR", "hsbench.models"

        def __init__(self, loaded):
            self.loaded = loaded

        def load(self):
            if isinstance(self.loaded, Exception):
                raise self.loaded
            return self.loaded

    def points(loaded):
        monkeypatch.setattr(registry, "_entry_points", lambda: {"models": [Point(loaded)]})
        table = {}
        registry._add_entry_points(table, "models")
        return table

    assert list(points(descriptor())) == ["mine"]
    assert list(points([descriptor(), descriptor(name="second")])) == ["mine", "second"]
    with pytest.raises(UsageError, match=r"their:DESCRIPTOR.*cannot be imported \(ImportError"):
        points(ImportError("no"))
    wanted = "'their:DESCRIPTOR' should give an hsbench.descriptors.ModelDescriptor in the group hsbench.models"
    with pytest.raises(UsageError, match=f"{wanted}, got str; tell its author"):
        points("nonsense")
    with pytest.raises(UsageError, match=f"{wanted}, got CorpusDescriptor"):
        points([descriptor(), CorpusDescriptor("mine", "mine:Mine")])


def test_a_descriptor_of_no_kind_is_refused(own_table):
    with pytest.raises(UsageError, match=r"expects one of ModelDescriptor, .* of hsbench.descriptors, got Descriptor"):
        registry.register(Descriptor("mine", "mine:Mine"))
    with pytest.raises(UsageError, match="got dict; declare what you register"):
        registry.register({"name": "mine", "target": "mine:Mine"})
    assert "mine" not in own_table


def test_importing_a_file_that_raises_names_it(tmp_path):
    (tmp_path / "broken.py").write_text("1 / 0\n")
    with pytest.raises(UsageError, match=r"--import broken.py stopped with ZeroDivisionError"):
        registry.import_file(tmp_path / "broken.py")


def test_importing_a_file_that_is_not_there(tmp_path):
    with pytest.raises(UsageError, match="--import expects a Python file"):
        registry.import_file(tmp_path / "none.py")


def test_a_siren_differs_from_an_fmlp_where_it_says():
    fmlp, siren = (registry.model(f"hypersound-{kind}") for kind in ("fmlp", "siren"))
    assert siren.target == fmlp.target
    assert siren.switches == fmlp.switches
    assert "encoding_length" in fmlp.defaults
    assert "encoding_length" not in siren.defaults
    for name, training in fmlp.budgets.items():
        changed = {key for key, value in siren.budgets[name].items() if value != training[key]}
        assert changed == {"learning_rate"}, name
    assert (fmlp.budgets["paper"]["learning_rate"], siren.budgets["paper"]["learning_rate"]) == (1e-4, 1e-6)


@pytest.mark.parametrize("name", registry.names("models"))
def test_every_model_says_whether_it_is_a_function_of_time(name):
    found = registry.model(name)
    if not found.missing():
        assert found.function_of_time == hasattr(found.load(), "play")


TOY = descriptor(
    defaults={"width": 4, "rank": 8, "tied": True},
    budgets={"smoke": {"steps": 1, "decay": 0.0}, "quick": {"steps": 2, "decay": 0.5}},
    neutral={"rank": None, "tied": False, "decay": 0.0},
)


def test_settings_at_their_neutral_value_stay_out_of_the_key():
    assert TOY.key_settings({"width": 4, "rank": None, "tied": False}) == {"width": 4}
    assert TOY.key_settings(TOY.defaults) == {"width": 4, "rank": 8, "tied": True}
    assert TOY.key_settings(TOY.budgets["smoke"]) == {"steps": 1}
    assert TOY.key_settings(TOY.budgets["quick"]) == {"steps": 2, "decay": 0.5}


@pytest.mark.parametrize("settings", [{"tied": 0}, {"decay": 0}, {"decay": False}, {"rank": ""}])
def test_a_value_of_another_type_is_not_the_neutral_one(settings):
    assert TOY.key_settings(settings) == settings


@pytest.mark.parametrize("rank", [None, 0, 8])
@pytest.mark.parametrize("tied", [True, False])
def test_what_the_key_leaves_out_comes_back(rank, tied):
    settings = {"width": 4, "rank": rank, "tied": tied}
    assert TOY.model_settings(TOY.key_settings(settings)) == settings


def test_each_part_of_a_cell_gets_its_own_neutral_settings():
    assert TOY.model_settings({"width": 4}) == {"width": 4, "rank": None, "tied": False}
    assert TOY.training_settings({"steps": 1}, "smoke") == {"steps": 1, "decay": 0.0}
    assert TOY.training_settings({"steps": 1}, "paper") == {"steps": 1}
    assert TOY.all_settings({}, ["tied", "width"]) == {"tied": False}


def test_a_setting_that_is_added_changes_no_key_of_a_cell_without_it():
    old = descriptor(defaults={"width": 4})
    new = descriptor(defaults={"width": 4, "rank": None}, neutral={"rank": None})
    moved = dataclasses.replace(new, defaults={"width": 4, "rank": 8})
    assert new.key_settings(new.defaults) == old.key_settings(old.defaults)
    assert moved.key_settings(moved.defaults) == {"width": 4, "rank": 8}
    assert moved.model_settings(old.key_settings(old.defaults)) == {"width": 4, "rank": None}


def test_no_built_in_neutral_setting_is_unknown():
    for name in registry.names("models"):
        found = registry.model(name)
        known = {*found.defaults, *(key for training in found.budgets.values() for key in training)}
        assert set(found.neutral) <= known, name


def test_each_kind_has_one_class():
    assert tuple(CLASSES) == registry.KINDS == ("models", "metrics", "corpora", "experiments")
    for kind in registry.KINDS:
        assert {type(registry.get(kind, name)) for name in registry.names(kind)} == {CLASSES[kind]}
