"""Computation of cells: worker processes, one per cell, and the engines that start and watch them."""
