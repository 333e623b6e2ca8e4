"""The Python API: one file for each thing that a user can ask for; the command line calls these functions too.

`hsbench.score`, `hsbench.run`, `hsbench.open_results`, `hsbench.fit_inr` and `hsbench.load` are the public names. The
other functions here answer the verbs of the command line (plan, report, compare, check, bless, ...): each takes plain
arguments, returns a value and prints nothing.
"""
