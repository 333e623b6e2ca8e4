"""The smoother meets the requirements of a model of hsbench."""

from hsbench.testing import check_model


def test_the_smoother_passes_all_checks():
    check_model("smoother")


def test_a_smoother_with_long_blocks_passes_all_checks():
    check_model("smoother", settings={"width": 100})
