"""`python -m hsbench`: the command line."""

from hsbench.cli.app import main

main()
