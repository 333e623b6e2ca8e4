"""The command line in a process of its own, which these tests interrupt and kill."""

import pytest


@pytest.fixture
def hsbench(hsbench_at, tmp_path):
    return hsbench_at(tmp_path)
