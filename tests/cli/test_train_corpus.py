"""`--train-corpus` on the command line: help, plan and refusals."""

import json


def test_the_help_of_run_and_plan_explains_the_option(hsbench_here, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    for verb in ("run", "plan"):
        code, out, _ = hsbench_here(verb, "--help")
        assert code == 0
        assert "--train-corpus" in out
        assert max(map(len, out.splitlines())) <= 100


def test_a_plan_of_the_same_corpus_is_the_plan_without_the_option(hsbench_here, tmp_path):
    arguments = ("plan", "table2b", "--budget", "smoke", "--format", "json", "--results", tmp_path)
    code, out, _ = hsbench_here(*arguments, "--train-corpus", "demo")
    assert code == 0
    assert json.loads(out) == json.loads(hsbench_here(*arguments)[1])


def test_a_corpus_that_is_not_at_hand_is_refused_in_one_sentence(hsbench_here, tmp_path):
    arguments = ("table2b", "--budget", "smoke", "--results", tmp_path / "results")
    for verb in ("run", "plan"):
        code, out, err = hsbench_here(verb, *arguments, "--train-corpus", "vctk")
        assert (code, out) == (2, "")
        assert "hsbench: vctk needs the folder that holds VCTK 0.92; give it with --data-root" in err
        code, _, err = hsbench_here(verb, *arguments, "--train-corpus", "vctkk")
        assert code == 2
        assert "unknown corpus 'vctkk'; did you mean 'vctk'?" in err
    assert not (tmp_path / "results").exists()
