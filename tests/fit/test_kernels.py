"""When hsbench's own Triton kernels are used, and that they compile for a GPU that need not be present."""

import importlib.util
import json
import os
import subprocess
import sys

import pytest
import torch

from hsbench.errors import BackendMissingError
from hsbench.fit import kernels

TENSOR = torch.ones(1)


def test_kernels_are_used_only_where_they_are_switched_on_and_can_run(monkeypatch):
    pytest.importorskip("triton", reason="Triton is not installed")
    monkeypatch.setenv("TRITON_INTERPRET", "1")
    monkeypatch.delenv("HSBENCH_TRITON", raising=False)
    assert not kernels.usable([TENSOR])
    monkeypatch.setenv("HSBENCH_TRITON", "1")
    assert kernels.usable([TENSOR])
    assert not kernels.usable([TENSOR, TENSOR.double()])
    monkeypatch.delenv("TRITON_INTERPRET")
    assert not kernels.usable([TENSOR])


def test_without_triton_the_error_says_what_to_do(monkeypatch):
    monkeypatch.setenv("TRITON_INTERPRET", "1")
    monkeypatch.setenv("HSBENCH_TRITON", "1")
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(BackendMissingError, match="unset HSBENCH_TRITON"):
        kernels.usable([TENSOR])


def test_compiled_code_is_one_graph(monkeypatch):
    """Asking whether to use a kernel reads an environment variable, which would split the compiled graph in two."""
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
    compiled = triton.compile(source, target=GPUTarget("cuda", 90, 32), options={"num_warps": 8})
    with tempfile.NamedTemporaryFile(suffix=".cubin") as file:
        Path(file.name).write_bytes(compiled.asm["cubin"])
        usage = subprocess.run([TOOL, "--dump-resource-usage", file.name], capture_output=True, text=True, check=True)
    return int(re.search(r"STACK:(\\d+)", usage.stdout).group(1))

numbers = dict.fromkeys(("size", "parts", "rows", "columns", "stride", "time"), "i32") | {"eps": "fp32"}
bf16 = {"x": "*bf16", "to_x": "*bf16"}
stacks = {
    "chunk moments": stack(norm.chunk_moments, numbers | bf16, {"BLOCK": 4096}),
    "normalise and ELU": stack(norm.normalise_elu, numbers | bf16, {"BLOCK": 4096, "PARTS": 128}),
    "affine gradients": stack(norm.affine_gradients, numbers | bf16, {"BLOCK": 1024}),
    "input gradient": stack(norm.input_gradient, numbers | bf16, {"BLOCK": 4096, "COLUMNS": 512}),
}
for sine, inputs in ((False, 32), (True, 1)):
    types = numbers | {"w": "*bf16", "w0": "*fp32" if sine else "*bf16"}
    sizes = {"INPUTS": inputs, "P": 128, "HIDDEN": 5, "SINE": sine}
    stacks[f"target network, sine {sine}"] = stack(target.forward, types, sizes | {"TIMES": 64})
    stacks[f"its gradient, sine {sine}"] = stack(target.backward, types, sizes | {"TIMES": 32})
print(json.dumps(stacks))
"""


@pytest.mark.slow
def test_kernels_compile_for_an_h100_and_keep_their_numbers_in_registers(tmp_path):
    pytest.importorskip("triton", reason="Triton is not installed")
    environment = {name: value for name, value in os.environ.items() if name != "TRITON_INTERPRET"}
    environment["TRITON_CACHE_DIR"] = str(tmp_path)
    process = subprocess.run(
        [sys.executable, "-c", COMPILE], capture_output=True, text=True, env=environment, check=False
    )
    assert process.returncode == 0, process.stderr
    stacks = json.loads(process.stdout)
    assert len(stacks) == 8
    assert max(stacks.values()) <= 256, f"bytes per thread that did not fit into registers: {stacks}"
