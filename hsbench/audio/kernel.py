"""The constants of the one resampler, apart from it so that naming it imports no torch."""

from __future__ import annotations

WIDTH, ROLLOFF, BETA = 64, 0.9475937167399596, 14.769656459379492

NAME = f"torchaudio sinc_interp_kaiser, width {WIDTH}, rolloff {ROLLOFF}, beta {BETA}"
"""Enters provenance and the fingerprint of every prepared corpus."""
