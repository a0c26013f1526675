"""The least that reading an archive can take: unpack each member, decode it, and throw it away.

    python -m bench.floor FOLDER

With the standard library's reader and the same shape as the feed's. Prints the number of records.
"""

import sys
import zipfile
from pathlib import Path

from reedbed.feeds.osv_wire import decode


def main(folder: Path) -> None:
    records = 0
    for path in sorted(folder.glob("*/all.zip")):
        with zipfile.ZipFile(path) as archive:
            for member in archive.infolist():
                decode(archive.read(member))
                records += 1
    print(records)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
