"""What results mean: scores as arrays and frames, statistics, published numbers, and whether the two compare.

Everything here is a pure function of a results folder and of the files in baselines/.
"""
