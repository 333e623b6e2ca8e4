"""The constants of the resampler, in a file of their own so that reading them does not import torch.

WIDTH is the number of zero crossings of the sinc on each side, ROLLOFF the cut-off as a share of half the lower rate,
and BETA the shape of the Kaiser window; hsbench.audio.resample has the formula.
"""

from __future__ import annotations

WIDTH, ROLLOFF, BETA = 64, 0.9475937167399596, 14.769656459379492

NAME = f"torchaudio sinc_interp_kaiser, width {WIDTH}, rolloff {ROLLOFF}, beta {BETA}"
"""Description of the resampler in provenance; part of the fingerprint of every prepared corpus."""
