"""Experiments, one file per table or figure: each defines rows, clips and metrics, and computes nothing."""
