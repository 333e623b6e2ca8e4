"""The back ends that measuring stands on, each tried by using it: its version, or what is wrong and what to do."""

from __future__ import annotations

import importlib
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hsbench.errors import BackendMissingError
from hsbench.results.provenance import installed

if TYPE_CHECKING:
    from collections.abc import Callable

COMPILERS = ("cc", "gcc", "clang")


@dataclass(frozen=True)
class Backend:
    """One back end as it is here.

    Attributes:
        name: as shown.
        works: whether it can be used.
        detail: its version or place; where it does not work, what is wrong and what to do.
        required: whether the main job needs it.
        module: the module that descriptors name in `needs`, or "".
    """

    name: str
    works: bool
    detail: str
    required: bool = False
    module: str = ""


def all_backends() -> list[Backend]:
    """Every back end, the required ones first."""
    return [
        _tried("torch", _torch, required=True, module="torch"),
        _tried("torchaudio", _torchaudio, required=True, module="torchaudio"),
        _tried("soundfile", _soundfile, required=True, module="soundfile"),
        _tried("pesq", lambda: _imported("pesq"), required=True, module="pesq"),
        _tried("pystoi", lambda: _imported("pystoi"), required=True, module="pystoi"),
        _tried("cdpam weights", _cdpam, required=True, module="cdpam"),
        _tried("MP3 through soundfile", _mp3),
        _tried("PyAV", _pyav, module="av"),
        _tried("dask.distributed", lambda: _imported("distributed", "pip install 'hsbench[dask]'")),
        _tried("submitit", lambda: _imported("submitit", "pip install 'hsbench[slurm]'")),
        _program("C compiler", COMPILERS, "pip needs one to build pesq; install it with: apt install gcc"),
        _program("pdflatex", ("pdflatex",), "report --format latex is written without it, only not typeset here"),
    ]


def _tried(name: str, use: Callable[[], str], *, required: bool = False, module: str = "") -> Backend:
    """Use it, and keep what it says of itself or the reason why it cannot be used."""
    try:
        return Backend(name, works=True, detail=use(), required=required, module=module)
    except BackendMissingError as error:
        return Backend(name, works=False, detail=str(error), required=required, module=module)


def _imported(module: str, remedy: str = "") -> str:
    """Import a module, and give the version of the package.

    Raises:
        BackendMissingError: it does not import.
    """
    try:
        importlib.import_module(module)
    except (ImportError, OSError, RuntimeError) as error:  # a compiled part may refuse in any of these ways
        found = installed(module)
        state = "is not installed" if found is None else f"{found} is installed and does not import ({error})"
        raise BackendMissingError(
            f"{module} {state}; install it with: {remedy or f'pip install --force-reinstall {module}'}"
        ) from error
    return installed(module) or "version unknown"


def _torch() -> str:
    return _imported("torch")


def _torchaudio() -> str:
    """The resampler says itself what to do where torchaudio does not load beside this torch."""
    _torch()
    _imported("hsbench.audio.resample")
    return f"{installed('torchaudio')}, imports beside torch {installed('torch')}"


def _soundfile() -> str:
    version = _imported("soundfile")
    import soundfile

    return f"{version} with libsndfile {soundfile.__libsndfile_version__}"


def _mp3() -> str:
    _imported("soundfile")
    import soundfile

    if "MP3" not in soundfile.available_formats():
        raise BackendMissingError(
            f"libsndfile {soundfile.__libsndfile_version__} writes no MP3, which the model mp3-soundfile needs; "
            "install 1.1 or later, such as: pip install --force-reinstall soundfile"
        )
    return f"libsndfile {soundfile.__libsndfile_version__} writes it"


def _pyav() -> str:
    return _imported("av", "pip install 'hsbench[codecs]'")


def _cdpam() -> str:
    """Read the weights as scoring does, checksum included."""
    _torch()
    from hsbench.metrics import cdpam_weights

    path = cdpam_weights.find()
    cdpam_weights.load(path)
    return f"{path}, SHA-256 {cdpam_weights.SHA256[:16]}... as expected"


def _program(name: str, names: tuple[str, ...], remedy: str) -> Backend:
    found = next((path for one in names if (path := shutil.which(one))), None)
    return Backend(name, works=found is not None, detail=found or f"no {' or '.join(names)} on PATH; {remedy}")
