"""`python -m manyminds`: the command line."""

import sys

from manyminds.apps.cli import main

if __name__ == "__main__":
    sys.exit(main())
