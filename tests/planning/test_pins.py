"""Pins of the experiment smoke: they apply on every machine, and an option that contradicts one is refused."""

import json

import pytest


def plan(hsbench_here, tmp_path, *arguments):
    return hsbench_here("plan", "smoke", "--format", "json", "--results", tmp_path, *arguments)


def test_smoke_has_its_pinned_budget_protocol_device_and_threads(hsbench_here, tmp_path):
    code, out, _ = plan(hsbench_here, tmp_path)
    jobs = [cell["job"] for cell in json.loads(out)["cells"]]
    assert code == 0
    assert {(job["device"], job["threads"]) for job in jobs} == {("cpu", 1)}
    assert {(job["spec"]["budget"]["name"], job["spec"]["protocol"]["name"]) for job in jobs} == {("smoke", "fixed-2")}
    assert {job["spec"]["model"]["name"] for job in jobs} >= {"inr-fmlp", "inr-siren", "hypersound-fmlp", "identity"}


def test_an_option_with_the_pinned_value_is_accepted(hsbench_here, tmp_path):
    same = ("--budget", "smoke", "--protocol", "fixed-2", "--device", "cpu")
    assert plan(hsbench_here, tmp_path, *same)[:2] == plan(hsbench_here, tmp_path)[:2]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--budget", "quick"), "smoke pins --budget smoke, got quick; leave --budget out."),
        (("--protocol", "paper"), "smoke pins --protocol fixed-2, got paper; leave --protocol out."),
        (("--device", "cuda"), "smoke pins --device cpu, got cuda; leave --device out."),
        (("table2d",), "smoke pins its device and threads and cannot share a run with table2d; run it alone."),
    ],
)
def test_options_that_contradict_a_pin_are_refused(hsbench_here, tmp_path, arguments, sentence):
    code, out, err = plan(hsbench_here, tmp_path, *arguments)
    assert (code, out) == (2, "")
    assert sentence in err
