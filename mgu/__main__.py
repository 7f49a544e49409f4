"""The command `mgu-run`, which is `python -m mgu`, too.

Nothing is imported before `main` is called, for Ctrl-C while it is would be a traceback.
"""

import os
import sys

# `python -m` puts the working directory first, where a file of the user's, such as random.py, would hide a library.
if sys.path[0] == os.getcwd() != os.path.dirname(os.path.dirname(__file__)):  # unless it is a checkout of this package
    sys.path.append(sys.path.pop(0))


def main() -> None:
    """Imports the command and carries it out."""
    try:
        from mgu.cli.main import main as command
    except KeyboardInterrupt:  # from then on mgu/cli/exit_codes.py says what an interrupted command leaves
        print("interrupted.", file=sys.stderr)
        sys.exit(130)
    command()


if __name__ == "__main__":
    main()
