"""Where the code lies that torch generates when it compiles a network."""

from __future__ import annotations

import os

from hsbench.files import cache_folder

FOLDER = "TORCHINDUCTOR_CACHE_DIR"
"""Environment variable of torch's compiler; Triton keeps its own files below the same folder."""


def keep_code() -> None:
    """Let torch keep the code that it generates in hsbench's cache folder, unless the user chose another folder.

    Compiling the networks of a hypernetwork step takes a minute, and a second or so where the code is there.
    """
    os.environ.setdefault(FOLDER, str(cache_folder() / "inductor"))
