"""Help, list and plan start fast: they import no package that takes long to import, such as torch or pandas."""

import subprocess
import sys

import pytest

SCRIPT = """
import sys
sys.argv = ["hsbench", *{arguments!r}]
from hsbench.cli.app import main
try:
    main()
except SystemExit as end:
    code = end.code or 0
heavy = sorted({{"torch", "pandas", "matplotlib", "sklearn", "scipy"}} & set(sys.modules))
print("HEAVY", heavy, "CODE", code)
"""


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["--version"], ["list"], ["plan", "table2d", "--results", "nowhere"], ["run", "--help"]],
    ids=lambda arguments: " ".join(arguments[:2]),
)
def test_the_command_imports_nothing_heavy_and_writes_no_file(arguments, tmp_path):
    process = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(arguments=arguments)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )
    assert process.stdout.splitlines()[-1] == "HEAVY [] CODE 0", process.stdout + process.stderr
    assert list(tmp_path.iterdir()) == []


DECLARING_MODULES = """
import importlib, sys
from hsbench import registry
heavy = {"torch", "torchaudio", "pandas", "matplotlib", "sklearn", "scipy", "soundfile"}
for kind in registry.KINDS:
    for module in registry.declaring_modules(kind):
        importlib.import_module(module)
        print(module, *sorted(heavy & set(sys.modules)))
"""


def test_every_module_that_declares_descriptors_imports_nothing_heavy():
    process = subprocess.run([sys.executable, "-c", DECLARING_MODULES], capture_output=True, text=True, check=True)
    lines = process.stdout.splitlines()
    assert {"hsbench.models.inr.descriptors", "hsbench.metrics.spectral", "hsbench.corpora.vctk"} <= set(lines)
    assert [line for line in lines if " " in line] == []


def test_importing_hsbench_imports_nothing_heavy():
    process = subprocess.run(
        [sys.executable, "-c", "import sys, hsbench; print({'torch', 'numpy', 'pandas'} & set(sys.modules))"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert process.stdout.strip() == "set()"
