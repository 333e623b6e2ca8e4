import pytest

from hsbench import registry
from hsbench.errors import BackendMissingError, UnknownNameError, UsageError


def descriptor(**changes):
    facts = {"kind": "models", "name": "mine", "target": "mine:Mine", "origin": "my-package"}
    return registry.Descriptor(**(facts | changes))


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


def test_a_clash_names_both_owners(monkeypatch):
    table = dict(registry._table("models"))
    monkeypatch.setattr(registry, "_table", lambda kind: table)
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
        monkeypatch.setattr("importlib.metadata.entry_points", lambda group: [Point(loaded)])
        table = {}
        registry._add_entry_points(table, "models")
        return table

    assert list(points(descriptor())) == ["mine"]
    assert list(points([descriptor(), descriptor(name="second")])) == ["mine", "second"]
    with pytest.raises(UsageError, match=r"their:DESCRIPTOR.*cannot be imported \(ImportError"):
        points(ImportError("no"))
    with pytest.raises(UsageError, match="should give an hsbench.registry.Descriptor of kind 'models', got str"):
        points("nonsense")


def test_importing_a_file_that_raises_names_it(tmp_path):
    (tmp_path / "broken.py").write_text("1 / 0\n")
    with pytest.raises(UsageError, match=r"--import broken.py stopped with ZeroDivisionError"):
        registry.import_file(tmp_path / "broken.py")


def test_importing_a_file_that_is_not_there(tmp_path):
    with pytest.raises(UsageError, match="--import expects a Python file"):
        registry.import_file(tmp_path / "none.py")


def test_a_literal_like_another_differs_where_it_says():
    fmlp, siren = (registry.get("models", f"hypersound-{kind}") for kind in ("fmlp", "siren"))
    assert siren.target == fmlp.target
    assert siren.switches == fmlp.switches
    assert "encoding_length" in fmlp.defaults
    assert "encoding_length" not in siren.defaults
    for name, training in fmlp.budgets.items():
        changed = {key for key, value in siren.budgets[name].items() if value != training[key]}
        assert changed == {"learning_rate"}, name
    assert (fmlp.budgets["paper"]["learning_rate"], siren.budgets["paper"]["learning_rate"]) == (1e-4, 1e-6)
