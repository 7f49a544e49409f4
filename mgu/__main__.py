"""`python -m mgu` is the command `mgu-run`."""

from mgu.cli.main import main

if __name__ == "__main__":
    main()
