"""All claims, and the number of contrasts that intervals are corrected for."""

from __future__ import annotations

from hsbench.analysis.claims import analogue, counts, hypersound, individual
from hsbench.analysis.claims.base import BLOCKS

CLAIMS = (*individual.CLAIMS, *counts.CLAIMS, *hypersound.CLAIMS, *analogue.CLAIMS)
FAMILIES = {block: sum(len(claim.contrasts) for claim in CLAIMS if claim.on == block) for block in BLOCKS}
"""What claims are decided on -> m of the Bonferroni correction: all contrasts of that block, run or not."""
