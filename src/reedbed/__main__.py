"""`reedbed`, and `python -m reedbed`."""

import sys

from reedbed.cli.app import run


def main() -> None:
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
