"""Examine an installation: which packages and devices this machine has, and what cannot run without them."""
