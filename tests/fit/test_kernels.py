"""When kernels of our own are used, and that they compile for a GPU that is not there."""

import importlib.util
import json
import os
import subprocess
import sys

import pytest
import torch

from hsbench.errors import BackendMissingError
from hsbench.fit import kernels as switch

ONE = torch.ones(1)


def test_they_are_used_only_when_asked_for_and_only_where_they_run(monkeypatch):
    pytest.importorskip("triton", reason="Triton is not installed")
    monkeypatch.setenv("TRITON_INTERPRET", "1")
    monkeypatch.delenv("HSBENCH_TRITON", raising=False)
    assert not switch.usable([ONE])
    monkeypatch.setenv("HSBENCH_TRITON", "1")
    assert switch.usable([ONE])
    assert not switch.usable([ONE, ONE.double()])
    monkeypatch.delenv("TRITON_INTERPRET")
    assert not switch.usable([ONE])


def test_without_triton_it_says_so(monkeypatch):
    monkeypatch.setenv("TRITON_INTERPRET", "1")
    monkeypatch.setenv("HSBENCH_TRITON", "1")
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(BackendMissingError, match="unset it"):
        switch.usable([ONE])


def test_code_that_torch_compiles_is_one_piece(monkeypatch):
    """A kernel, or only the question whether to use one, would break it in two."""
    from hsbench.models.hypersound.encoder import Encoder

    monkeypatch.setenv("HSBENCH_TRITON", "1")
    whole = torch.compile(Encoder(320, 1), backend="eager", fullgraph=True)
    assert whole(torch.randn(1, 320)).shape == (1, 32)


COMPILE = """
import json, re, subprocess, sys, tempfile
from pathlib import Path
import triton
from triton.backends import nvidia
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource
from hsbench.models.hypersound import kernel as norm
from hsbench.models.targets import kernel as target

TOOL = Path(nvidia.__file__).parent / "bin" / "cuobjdump"

def stack(function, types, constants):
    names = function.arg_names
    signature = {name: "constexpr" if name in constants else types.get(name, "*fp32") for name in names}
    source = ASTSource(fn=function, signature=signature, constexprs=constants)
    made = triton.compile(source, target=GPUTarget("cuda", 90, 32), options={"num_warps": 8})
    with tempfile.NamedTemporaryFile(suffix=".cubin") as file:
        Path(file.name).write_bytes(made.asm["cubin"])
        told = subprocess.run([TOOL, "--dump-resource-usage", file.name], capture_output=True, text=True, check=True)
    return int(re.search(r"STACK:(\\d+)", told.stdout).group(1))

numbers = dict.fromkeys(("size", "parts", "rows", "columns", "stride", "time"), "i32") | {"eps": "fp32"}
found = {
    "chunks": stack(norm.chunks, numbers | {"x": "*bf16"}, {"BLOCK": 4096}),
    "forward": stack(norm.forward, numbers | {"x": "*bf16"}, {"BLOCK": 4096, "PARTS": 128}),
    "columns": stack(norm.columns, numbers | {"x": "*bf16"}, {"BLOCK": 1024}),
    "backward": stack(norm.backward, numbers | {"x": "*bf16", "to_x": "*bf16"}, {"BLOCK": 4096, "COLUMNS": 512}),
}
for sine, inputs in ((False, 32), (True, 1)):
    types = numbers | {"w": "*bf16", "w0": "*fp32" if sine else "*bf16"}
    sizes = {"INPUTS": inputs, "P": 128, "HIDDEN": 5, "SINE": sine}
    found[f"play {sine}"] = stack(target.forward, types, sizes | {"TIMES": 64})
    found[f"pull {sine}"] = stack(target.backward, types, sizes | {"TIMES": 32})
print(json.dumps(found))
"""


@pytest.mark.slow
def test_they_compile_for_an_h100_and_keep_their_numbers_in_registers(tmp_path):
    pytest.importorskip("triton", reason="Triton is not installed")
    environment = {name: value for name, value in os.environ.items() if name != "TRITON_INTERPRET"}
    environment["TRITON_CACHE_DIR"] = str(tmp_path)
    done = subprocess.run([sys.executable, "-c", COMPILE], capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert len(found) == 8
    assert max(found.values()) <= 256, f"bytes of a thread that went to memory: {found}"
