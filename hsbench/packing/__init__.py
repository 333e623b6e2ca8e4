"""Results in one file (.hsr): what it holds, how it is written and read, and what can be checked about it."""
