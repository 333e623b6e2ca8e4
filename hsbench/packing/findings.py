"""What a check of packed results found: one line per check, and the badge that all of them give."""

from __future__ import annotations

from dataclasses import dataclass

OK, WRONG, UNCHECKED = "ok", "wrong", "not checked"
"""Verdicts of a check; `unchecked` where this machine lacks what the check needs."""


@dataclass(frozen=True)
class Finding:
    """The outcome of one check.

    Attributes:
        check: what was checked, in a few words.
        verdict: OK, WRONG or UNCHECKED.
        detail: how much was checked, or what is wrong and where.
    """

    check: str
    verdict: str
    detail: str


@dataclass(frozen=True)
class Verification:
    """All findings about one packed file.

    Attributes:
        digest: SHA-256 of the file, hexadecimal.
        findings: in the order of the checks.
    """

    digest: str
    findings: tuple[Finding, ...]

    @property
    def wrong(self) -> list[Finding]:
        """The findings that say that something is wrong."""
        return [finding for finding in self.findings if finding.verdict == WRONG]

    @property
    def badge(self) -> str:
        """What a reader may call the results: "wrong", "refitted", "rescored" or "self-reported".

        Whoever packs results can write any number into them and list its hash. Only numbers that were computed again
        on another machine are more than the word of their author.
        """
        if self.wrong:
            return "wrong"
        good = {finding.check for finding in self.findings if finding.verdict == OK}
        return next((badge for check, badge in ((REFITS, "refitted"), (SCORES, "rescored")) if check in good), SELF)


FILES, CELLS, ROWS, ORIGINALS, SCORES, REFITS = "files", "cells", "rows", "originals", "scores", "refits"
SELF = "self-reported"
