"""Back ends: the packages and programs that fitting and scoring need.

Each back end is tested by using it. The result is its version, or the reason why it does not work with a remedy.
"""

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
    """State of one back end on this machine.

    Attributes:
        name: name for display.
        works: whether the back end can be used.
        detail: version or path of the back end; if it does not work, the reason and the remedy.
        required: whether the main experiments cannot run without it.
        module: Python module that descriptors of models, metrics and corpora list in `needs`; "" for a program.
    """

    name: str
    works: bool
    detail: str
    required: bool = False
    module: str = ""


def all_backends() -> list[Backend]:
    """Return the state of every back end, the required ones first."""
    return [
        _tested("torch", _torch, required=True, module="torch"),
        _tested("torchaudio", _torchaudio, required=True, module="torchaudio"),
        _tested("soundfile", _soundfile, required=True, module="soundfile"),
        _tested("pesq", lambda: _imported("pesq"), required=True, module="pesq"),
        _tested("pystoi", lambda: _imported("pystoi"), required=True, module="pystoi"),
        _tested("cdpam weights", _cdpam, required=True, module="cdpam"),
        _tested("MP3 through soundfile", _mp3),
        _tested("constriction", lambda: _imported("constriction"), module="constriction"),
        _tested("PyAV", _pyav, module="av"),
        _tested("dask.distributed", lambda: _imported("distributed", "pip install 'hsbench[dask]'")),
        _tested("submitit", lambda: _imported("submitit", "pip install 'hsbench[slurm]'")),
        _program("C compiler", COMPILERS, "pip needs one to build pesq; install it with: apt install gcc"),
        _program("pdflatex", ("pdflatex",), "needed only to typeset what report --format latex writes"),
    ]


def _tested(name: str, use: Callable[[], str], *, required: bool = False, module: str = "") -> Backend:
    """Return the state of a back end after a test.

    Args:
        name: name for display.
        use: uses the back end and returns its version; raises BackendMissingError if it does not work.
        required: whether the main experiments cannot run without it.
        module: Python module of the back end, or "".
    """
    try:
        return Backend(name, works=True, detail=use(), required=required, module=module)
    except BackendMissingError as error:
        return Backend(name, works=False, detail=str(error), required=required, module=module)


def _imported(module: str, remedy: str = "") -> str:
    """Import a module, and return the version of its package.

    Args:
        module: name of the module, which is also the name of the package.
        remedy: command that installs the package; "" for pip with the name of the package.

    Raises:
        BackendMissingError: the module cannot be imported.
    """
    try:
        importlib.import_module(module)
    except (ImportError, OSError, RuntimeError) as error:  # a compiled extension can fail with any of these
        version = installed(module)
        state = "is not installed" if version is None else f"{version} is installed but cannot be imported ({error})"
        raise BackendMissingError(
            f"{module} {state}; install it with: {remedy or f'pip install --force-reinstall {module}'}"
        ) from error
    return installed(module) or "version unknown"


def _torch() -> str:
    """Import torch, and return its version."""
    return _imported("torch")


def _torchaudio() -> str:
    """Import the resampler, which checks whether torchaudio fits the installed torch; return both versions."""
    _torch()
    _imported("hsbench.audio.resample")
    return f"{installed('torchaudio')}, fits torch {installed('torch')}"


def _soundfile() -> str:
    """Import soundfile, and return its version and that of libsndfile."""
    version = _imported("soundfile")
    import soundfile

    return f"{version} with libsndfile {soundfile.__libsndfile_version__}"


def _mp3() -> str:
    """Return the version of libsndfile if it can write MP3 files.

    Raises:
        BackendMissingError: it cannot.
    """
    _imported("soundfile")
    import soundfile

    if "MP3" not in soundfile.available_formats():
        raise BackendMissingError(
            f"libsndfile {soundfile.__libsndfile_version__} cannot write MP3 files, as the model mp3-soundfile does; "
            "install 1.1 or later, such as: pip install --force-reinstall soundfile"
        )
    return f"libsndfile {soundfile.__libsndfile_version__} can write MP3 files"


def _pyav() -> str:
    """Import PyAV, and return its version."""
    return _imported("av", "pip install 'hsbench[codecs]'")


def _cdpam() -> str:
    """Read the CDPAM weights as scoring does, with a check of their SHA-256; return the path of the file."""
    _torch()
    from hsbench.metrics import cdpam_weights

    path = cdpam_weights.find()
    cdpam_weights.load(path)
    return f"{path}, SHA-256 {cdpam_weights.SHA256[:16]}... as expected"


def _program(name: str, names: tuple[str, ...], remedy: str) -> Backend:
    """Return the state of a program that is searched on PATH.

    Args:
        name: name for display.
        names: names of executables; any of them will do.
        remedy: text for the case that none of them is found.
    """
    path = next((found for executable in names if (found := shutil.which(executable))), None)
    return Backend(name, works=path is not None, detail=path or f"no {' or '.join(names)} on PATH; {remedy}")
