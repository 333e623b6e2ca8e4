"""The notebook example runs without changes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parent.parent.parent / "examples" / "notebook.py"


@pytest.mark.slow
def test_the_example_runs_from_top_to_bottom(tmp_path):
    pytest.importorskip("IPython", reason="IPython is not installed")
    result = subprocess.run(
        [sys.executable, "-W", "error::UserWarning", str(EXAMPLE)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "MPLBACKEND": "agg", "CUDA_VISIBLE_DEVICES": ""},
        timeout=400,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert "<FittedINR inr-siren: 1.49 s in " in result.stdout
    assert result.stdout.count("IPython.lib.display.Audio") == 3
    assert {path.name for path in tmp_path.iterdir()} == {"results", "si_snr.png", "utterance.safetensors"}
