"""The page of the claims: every sentence with its test, and the verdict of a run; and the same as a short table.

Write docs/claims.md with: python -m hsbench.report.claims_page > docs/claims.md
It is generated from the definitions (hsbench.analysis.claims) and from the verdicts of baselines/claims, which
`hsbench claims --format json` wrote.
"""

from __future__ import annotations

import sys
from collections import Counter
from typing import TYPE_CHECKING

from hsbench.analysis import published
from hsbench.analysis.claims import stored
from hsbench.analysis.claims.base import BLOCKS, VERDICTS
from hsbench.analysis.claims.definitions import CLAIMS, FAMILIES
from hsbench.metrics.base import info
from hsbench.registry import names
from hsbench.report.markdown import grid, wrapped
from hsbench.report.numbers import difference, significant
from hsbench.report.text import counted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hsbench.analysis.claims.base import Claim
    from hsbench.analysis.claims.stored import Judgement
    from hsbench.analysis.claims.switches import Change
    from hsbench.analysis.claims.verdicts import Finding, Verdict

COMMAND = "python -m hsbench.report.claims_page > docs/claims.md"
STORED = "demo-quick.json"
"""File below baselines/claims that the page is generated from."""
QUANTITIES = {
    "error_below": ("error below", "dB"),
    "error_above": ("error above", "dB"),
    "error_contrast": ("error above minus below", "dB"),
    "same_voice": ("share of clips above chance", ""),
    "same_sex": ("share of clips above chance", ""),
}
"""Quantity of hsbench.analysis.claims.quantities -> its label and unit."""

HEAD = f"""\
<!-- Generated from hsbench/analysis/claims and baselines/claims/{STORED}: {COMMAND} -->

# The claims of the paper

This page is good for anybody who wants to know which sentences of sections 3 and 4 of the HyperSound paper (arXiv
2302.04959) hold in an experiment, and which experiment would decide the others. Each claim is a paired experiment with
a verdict: supported, contradicted, or cannot say at this budget.

```sh
hsbench run claims protocols --budget quick     # rows of individual INRs and patch INRs, then the verdicts
hsbench run claims-hypersound overview figure4 --budget quick   # HyperSound, with the next line
hsbench run table2b table2c table3 table4 --budget quick
hsbench claims                                  # the verdicts of a results folder again
```

Positive effects speak for a claim. An interval resamples voices, then clips of each voice, uses Student's t for the
few voices, and is corrected for all contrasts of its block together (Bonferroni, 95 %). A contrast is
supported if its whole interval lies above the threshold (0 unless stated), and contradicted if it lies below. A claim
with several contrasts is supported if all are, and contradicted if one is. Where a row that has to work does not beat
silence, nothing can be said. Counts are exact.
"""


def markdown(judged: Judgement) -> str:
    """Return the whole page for the verdicts of a run."""
    head, code, rest = HEAD.strip().split("```")
    first, *paragraphs = head.strip().split("\n\n")
    tally = Counter(verdict.verdict for verdict in judged.verdicts)
    summary = (
        f"Measured on {circumstances(judged)}: of "
        f"{counted(len(judged.verdicts), 'claim')}, {', '.join(f'{tally[name]} {name}' for name in VERDICTS)}."
    )
    blocks = [
        first,
        *(wrapped(paragraph) if not paragraph.startswith("#") else paragraph for paragraph in paragraphs),
        f"```{code}```",
        *(wrapped(paragraph) for paragraph in rest.strip().split("\n\n")),
        wrapped(summary),
    ]
    by_name = {verdict.claim.name: verdict for verdict in judged.verdicts}
    for block, sentence in BLOCKS.items():
        claims = [claim for claim in CLAIMS if claim.on == block]
        family = FAMILIES[block]
        corrected = f" Intervals are corrected for {counted(family, 'contrast')}." if family else ""
        items = "\n".join(_item(claim, by_name) for claim in claims)
        blocks += [f"## {block[0].upper()}{block[1:]}", wrapped(sentence + corrected), items]
    if judged.changes:
        blocks += ["## Protocol switches", wrapped(SWITCHES), switches(judged.changes)]
    return "\n\n".join(blocks) + "\n"


SWITCHES = (
    "What each switch of protocols.toml changes in the scores of individual INRs (`hsbench run protocols`, compression "
    "ratio 4): mean difference over the clips, second value minus first, with its interval, corrected for the number "
    "of lines."
)


def table(judged: Judgement) -> str:
    """Return the verdicts as one Markdown table, as a run prints them."""
    lines = [
        [verdict.claim.name, verdict.claim.section, verdict.verdict, "; ".join(map(_shown, verdict.findings))]
        for verdict in judged.verdicts
    ]
    parts = [
        f"### Claims of the paper: {circumstances(judged)}",
        grid(["claim", "section", "verdict", "effect and corrected interval"], lines),
    ]
    return "\n\n".join([*parts, *([switches(judged.changes)] if judged.changes else [])]) + "\n"


def circumstances(judged: Judgement) -> str:
    """Return corpus, budget, protocol and the limit of clips in words."""
    limit = "" if judged.limit is None else f", at most {judged.limit} clips (--limit {judged.limit})"
    return f"{judged.corpus}, budget {judged.budget}, protocol {judged.protocol}{limit}"


def switches(changes: tuple[Change, ...] | list[Change]) -> str:
    """Return what protocol switches change as a Markdown table."""
    lines = []
    for change in changes:
        found = change.found
        shown = "-" if found is None else difference(found.effect, found.low, found.high)
        label, unit = _label(change.metric)
        separated = found is not None and (found.low or 0.0) * (found.high or 0.0) > 0
        name = f"{label} {unit}".strip()
        lines.append([change.kind, f"`{change.switch}`", change.change, name, shown, "yes" if separated else "no"])
    return grid(["INR", "switch", "values", "metric", "difference", "separated from 0"], lines)


def _item(claim: Claim, verdicts: Mapping[str, Verdict]) -> str:
    """Return the list item of a claim: sentence, test, verdict, effects and command."""
    verdict = verdicts.get(claim.name)
    if verdict is None:
        return wrapped(f"- **{claim.section}** {claim.says} Test: {claim.test}. **Not measured.**", "  ")
    findings = "; ".join(_shown(finding) for finding in verdict.findings)
    text = f"- **{claim.section}** {claim.says} Test: {claim.test}. **{verdict.verdict}**: {findings}."
    return wrapped(f"{text} `{verdict.command}`", "  ")


def _shown(finding: Finding) -> str:
    """Return a finding: metric, effect, interval, threshold, clips and the reason where nothing can be said."""
    label, unit = _label(finding.metric)
    if finding.effect is None:
        return f"{label}: {finding.reason}"
    if not finding.clips:
        return f"{significant(finding.effect)} {label}".strip()
    parts = [f"{label} {difference(finding.effect, finding.low, finding.high)} {unit}".strip()]
    if finding.threshold:
        parts.append(f"threshold {significant(finding.threshold)}")
    parts.append(f"{counted(finding.clips, 'clip')} of {counted(finding.voices, 'voice')}")
    return ", ".join([*parts, *([finding.reason] if finding.reason else [])])


def _label(metric: str) -> tuple[str, str]:
    """Return label and unit of a metric or quantity; the unit of a count is its own label."""
    if metric in QUANTITIES:
        return QUANTITIES[metric]
    if metric in names("metrics"):
        return info(metric).label, info(metric).unit
    return metric, ""


if __name__ == "__main__":
    sys.stdout.write(markdown(stored.read(published.baselines_folder(part="claims") / "claims" / STORED)))
