"""The Python API, one file per topic; the command line is built on the same functions.

`hsbench.score`, `hsbench.run`, `hsbench.open_results`, `hsbench.fit_inr`, `hsbench.load` and `hsbench.decode` are the
public names. The other functions implement the verbs of the command line (plan, report, compare, check, bless, ...):
each takes plain arguments, returns a value and prints nothing. Only the progress displays of hsbench.api.progress
print.
"""
