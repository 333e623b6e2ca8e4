"""Conformance tests for models, metrics and corpora of other packages, which these packages run in their own CI.

    from hsbench.testing import check_model

    def test_my_model():
        check_model("my-model")

Each function prints the checks that it runs and returns their names. The first check that fails raises
ConformanceError, an AssertionError, with one sentence.
"""

from __future__ import annotations

from hsbench.testing.checks import ConformanceError
from hsbench.testing.corpus import check_corpus
from hsbench.testing.metric import check_metric
from hsbench.testing.model import check_model

__all__ = ["ConformanceError", "check_corpus", "check_metric", "check_model"]
