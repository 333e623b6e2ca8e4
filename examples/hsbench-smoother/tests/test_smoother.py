from hsbench.testing import check_model


def test_the_smoother_keeps_its_promises():
    check_model("smoother")


def test_so_does_a_wide_one():
    check_model("smoother", settings={"width": 100})
