"""`python -m pinstack_local`."""

import sys

from pinstack_local.cli import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
