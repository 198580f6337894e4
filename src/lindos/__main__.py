"""``python -m lindos``, and the command: an interrupt ends it without a traceback from the first moment."""

import sys


def main() -> None:
    """Run the command line."""
    try:
        from lindos.cli import main as run
    except KeyboardInterrupt:
        sys.stderr.write("lindos: stopped.\n")
        sys.exit(130)
    run()


if __name__ == "__main__":
    main()
