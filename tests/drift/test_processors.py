"""Processor families by the names that operating systems report, and the limits of the instruction set."""

import json
import os
import platform
import subprocess
import sys

import pytest

from hsbench.drift import processors, reruns


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("AMD EPYC", "AMD"),
        ("AMD Ryzen 9 7950X 16-Core Processor", "AMD"),
        ("AMD64 Family 25 Model 97 Stepping 2, AuthenticAMD", "AMD"),
        ("Intel(R) Xeon(R) Platinum 8481C CPU @ 2.70GHz", "Intel"),
        ("Intel64 Family 6 Model 158 Stepping 10, GenuineIntel", "Intel"),
        ("Apple M2", "ARM"),
        ("arm", "ARM"),
        ("aarch64", "ARM"),
        ("ARMv7 Processor rev 4 (v7l)", "ARM"),
        ("AMD64", "other"),
        ("x86_64", "other"),
        ("Hygon C86 7285 32-core Processor", "other"),
        ("", "other"),
        (None, "other"),
    ],
)
def test_the_family_is_the_vendor_in_the_name(name, family):
    assert processors.cpu_family(name) == family


def test_a_family_that_the_baseline_covers_makes_no_difference():
    assert processors.difference(["AMD", "Intel"], ["Intel"]) == ""
    assert processors.difference(["AMD"], []) == ""
    assert processors.difference(["AMD"], ["Intel"]) == "processor family differs: AMD in the baseline, Intel now"


def test_reruns_with_limited_instructions_follow_the_others_and_have_the_first_seed(monkeypatch):
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    chosen = reruns.chosen(2, 1)
    assert [str(rerun) for rerun in chosen] == [
        "seed 0, 2 threads",
        "seed 1, 1 thread",
        "seed 0, 1 thread, instructions up to AVX2",
        "seed 0, 1 thread, instructions up to SSE4",
    ]
    assert [rerun.folder for rerun in chosen] == ["threads-2", "threads-1", "avx2", "sse4"]
    monkeypatch.setattr(platform, "machine", lambda: "arm64")
    assert len(reruns.chosen(2, 1)) == 2, "nothing on this processor reads the variables"


@pytest.mark.slow
@pytest.mark.skipif(not processors.limits(), reason="only on x86")
def test_the_variables_limit_pytorch():
    pytest.importorskip("torch")
    script = "import json, torch; print(json.dumps(torch.backends.cpu.get_cpu_capability()))"
    for name, capability in (("avx2", "AVX2"), ("sse4", "DEFAULT")):
        environment = {**os.environ, **processors.INSTRUCTIONS[name]}
        output = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, check=True).stdout
        assert json.loads(output) == capability
