"""`python -m mgu` is the command `mgu-run`."""

import os
import sys

# `python -m` puts the working directory first, where a file of the user's, such as random.py, would hide a library.
if sys.path[0] == os.getcwd() != os.path.dirname(os.path.dirname(__file__)):  # unless it is a checkout of this package
    sys.path.append(sys.path.pop(0))

from mgu.cli.main import main

if __name__ == "__main__":
    main()
