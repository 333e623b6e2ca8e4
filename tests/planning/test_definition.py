"""Definitions of experiments: those of hsbench are valid, and a mistake in a user's is named in one sentence."""

import pytest

from hsbench import registry
from hsbench.errors import UsageError
from hsbench.planning import definition
from hsbench.planning.request import Request
from hsbench.planning.resolve import Resolved
from hsbench.planning.selection import select

HEAD = """
from hsbench import registry
from hsbench.descriptors import CorpusDescriptor, ExperimentDescriptor, ModelDescriptor
from hsbench.spec import Experiment, Row, freeze

registry.register(ExperimentDescriptor("mine", "hsbench_import_mine:mine"))

def table(*rows, **options):
    facts = dict(name="mine", title="Mine", rows=rows or (Row("same", "identity"),), metrics=("mse",))
    return Experiment(**{**facts, **options})

"""


@pytest.fixture
def plug_in(tmp_path):
    """Yield a function that writes the text of a user's experiment into a file, and imports the file."""
    path = tmp_path / "mine.py"

    def write(text):
        path.write_text(HEAD + text)
        registry.import_file(path)

    yield write
    path.write_text("")
    registry.import_file(path)


@pytest.mark.parametrize("name", registry.names("experiments"))
def test_every_experiment_of_hsbench_is_valid(name):
    assert definition.load(name).name == name


def test_a_users_experiment_is_valid_also_with_lists_and_mappings(plug_in):
    plug_in(
        "def mine():\n"
        "    row = Row('small', 'inr-siren', {'width': 8}, training=freeze({'steps': 5}), corpus='demo')\n"
        "    return table(row, metrics=['mse', 'lsd@48000'], clips={'smoke': 2, 'paper': 4})\n"
    )
    assert definition.load("mine").rows[0].name == "small"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("def mine():\n    raise KeyError('x')\n", "stopped in mine.py, line 13, with KeyError: 'x'; repair it."),
        ("def mine():\n    int('x')\n", "stopped in mine.py, line 13, with ValueError: invalid literal for int()"),
        ("def mine():\n    raise SystemExit(0)\n", "stopped in mine.py, line 13, with SystemExit: 0; repair it."),
        ("def mine(argument): ...\n", "stopped with TypeError: mine() missing 1 required positional argument"),
        ("mine = 3\n", "stopped with TypeError: 'int' object is not callable; repair it."),
        ("theirs = 3\n", "stopped with AttributeError: module 'hsbench_import_mine' has no attribute 'mine'"),
        ("def mine(): ...\n", " (hsbench_import_mine:mine) should return an hsbench.spec.Experiment, got NoneType"),
        ("def mine(): return {'rows': ()}\n", "should return an hsbench.spec.Experiment, got dict; repair it."),
    ],
)
def test_a_function_that_raises_or_returns_another_type_is_named(plug_in, text, sentence):
    plug_in(text)
    with pytest.raises(UsageError) as caught:
        definition.load("mine")
    assert str(caught.value).startswith("experiment 'mine' ")
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            "Row('a', 'identiti')",
            "row 'a': unknown model 'identiti'; did you mean 'identity'? See: hsbench list models",
        ),
        ("Row('a', None)", "row 'a': model should be a registered name, got None"),
        ("Row('a', 'inr-siren', freeze({'widht': 3}))", "row 'a': unknown setting of inr-siren 'widht'; did you mean"),
        ("Row('a', 'inr-siren', ('width', 3))", "row 'a': dictionary update sequence element #0"),
        ("Row('a', 'inr-siren', training={'step': 3})", "row 'a': unknown training setting of inr-siren 'step'; did"),
        ("Row('a', 'identity', corpus='dem')", "row 'a': unknown corpus 'dem'; did you mean 'demo'?"),
        ("Row('a', 'identity', notes='a note')", "row 'a': notes should be a tuple of sentences, got 'a note'"),
        ("Row('a', 'identity'), Row('a', 'silence')", "each row should have its own name, got 'a'; repair it."),
        ("Row(1, 'identity')", "the name of a row should be a text, got 1"),
        ("('a', 'identity')", "rows should hold hsbench.spec.Row only, got ('a', 'identity')"),
        ("rows=()", "rows should hold at least one hsbench.spec.Row, got ()"),
        ("rows=None", "'NoneType' object is not iterable"),
        ("metrics=('msee',)", "unknown metric 'msee'; did you mean 'mse'? See: hsbench list metrics"),
        ("metrics=('lsd@x',)", "a metric at another rate is written name@rate"),
        ("metrics=('lsd@' + '1' * 5000,)", "a metric at another rate is written name@rate"),
        ("metrics='mse'", "metrics should be a tuple of names, got 'mse'"),
        ("metrics=()", "metrics should hold at least one name, got ()"),
        ("metrics=(3,)", "metrics should hold registered names, got 3"),
        ("left_out={'smoke': 'mse'}", "metrics should be a tuple of names, got 'mse'"),
        ("left_out={'smok': ('mse',)}", "unknown budget 'smok'; did you mean 'smoke'?"),
        ("clips=freeze({'smoke': 2})", "clips should set the number of clips for the budget paper, got {'smoke': 2}"),
        ("clips=freeze({'smok': 2, 'paper': 2})", "unknown budget 'smok'; did you mean 'smoke'?"),
        ("clips=freeze({'smoke': 0, 'paper': 2})", "clips should hold a number from 1 for smoke, got 0"),
        ("clips=3", "'int' object is not iterable"),
        ("corpus=None", "corpus should be a text, got None"),
        ("corpus='dem'", "unknown corpus 'dem'; did you mean 'demo'?"),
        ("split='test'", "unknown split 'test'; known: all, train, validation."),
        ("name='../other'", "its name should be the registered one, 'mine', got '../other'"),
        ("title=None", "title should be a text, got None"),
        ("pins=('smoke',)", "pins should be an hsbench.spec.Pins or None, got ('smoke',)"),
    ],
)
def test_a_field_with_an_impossible_value_is_named(plug_in, arguments, sentence):
    plug_in(f"def mine(): return table({arguments})\n")
    with pytest.raises(UsageError) as caught:
        definition.load("mine")
    assert str(caught.value).startswith("experiment 'mine': ")
    assert sentence in str(caught.value)


def test_a_budget_for_which_an_experiment_sets_no_number_of_clips_is_refused(plug_in):
    plug_in("def mine(): return table(clips=freeze({'smoke': 2, 'paper': 4}))\n")
    (selection,) = select(Request(("mine",), budget="quick"))
    expected = "'mine' sets no number of clips for the budget quick; choose --budget paper or smoke"
    with pytest.raises(UsageError, match=expected):
        Resolved(selection, "cpu")


RESOLVE = """
def mine(): return table(Row("a", "odd"))
registry.register(ModelDescriptor("odd", "mine:Odd", resolve="hsbench_import_mine:widths"))
def widths(settings, switches, samples):
    return settings["width"]
"""
OPERATIONS = """
def mine(): return table(Row("a", "odd"))
registry.register(ModelDescriptor("odd", "mine:Odd", operations="hsbench_import_mine:count"))
"""
CORPUS = """
def mine(): return table(corpus="odd")
registry.register(CorpusDescriptor("odd", "hsbench_import_mine:Odd"))
class Odd:
    def __init__(self, source):
        1 / 0
"""


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (RESOLVE, "model 'odd' stopped in mine.py, line 16, with KeyError: 'width'; repair it."),
        (OPERATIONS, "model 'odd' stopped with AttributeError: module 'hsbench_import_mine' has no attribute 'count'"),
        (CORPUS, "corpus 'odd' stopped in mine.py, line 17, with ZeroDivisionError: division by zero; repair it."),
    ],
)
def test_an_exception_of_a_users_model_or_corpus_ends_the_plan_with_one_sentence(
    plug_in, hsbench_here, tmp_path, text, sentence
):
    plug_in(text)
    code, out, err = hsbench_here("plan", "mine", "--budget", "smoke", "--results", tmp_path / "results")
    assert (code, out) == (2, "")
    assert sentence in err
    assert "Traceback" not in err


def test_the_command_line_refuses_a_faulty_experiment_in_one_sentence(plug_in, hsbench_here, tmp_path):
    plug_in("def mine(): raise RuntimeError('not today')\n")
    code, out, err = hsbench_here("plan", "mine", "--results", tmp_path / "results")
    assert (code, out) == (2, "")
    assert err == "hsbench: experiment 'mine' stopped in mine.py, line 12, with RuntimeError: not today; repair it.\n"
