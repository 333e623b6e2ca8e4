"""The command line, as `hsbench` and `python -m hsbench` start it."""

import sys

from hsbench.errors import InterruptedRunError


def main() -> None:
    """Run the command line; Ctrl-C while its modules are imported ends it with the same sentence as later."""
    try:
        from hsbench.cli import app
    except KeyboardInterrupt:
        error = InterruptedRunError()
        sys.stderr.write(f"hsbench: {error}\n")
        sys.exit(error.exit_code)
    app.main()


if __name__ == "__main__":
    main()
