"""An archive in the public layout that grows while others read it, as the public one does."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from jfrog_standin.osv_records import Record, encoded, write_zip


class Growing:
    """A folder with `all.zip`, `modified_id.csv` and each record by itself, an ecosystem a folder in it.

    Files are replaced whole, and the list comes last: by it others know that there is something new.
    """

    def __init__(self, folder: Path, ecosystems: Iterable[str] = ("npm",)) -> None:
        self._records: dict[str, dict[str, Record]] = {each: {} for each in ecosystems}
        self.folder = folder
        for each in self._records:
            (folder / each).mkdir(parents=True)

    def publish(self, records: Iterable[Record]) -> None:
        """Put records in, each in place of a former one of its id."""
        for each in records:
            ecosystem, record_id = ecosystem_of(each), each["id"]
            self._records[ecosystem][record_id] = each
            _replace(self.folder / ecosystem / f"{record_id}.json", encoded(each))
        for ecosystem, known in self._records.items():
            making = self.folder / ecosystem / "all.zip.part"
            write_zip(making, known.values())
            making.replace(self.folder / ecosystem / "all.zip")
            _replace(self.folder / ecosystem / "modified_id.csv", b"".join(_rows(known.values())))


def ecosystem_of(record: Record) -> str:
    name: str = record["affected"][0]["package"]["ecosystem"]
    return name


def _rows(records: Iterable[Record]) -> Iterator[bytes]:
    for each in records:
        yield f"{each['modified']},{each['id']}\n".encode("ascii")


def _replace(path: Path, data: bytes) -> None:
    part = path.with_name(f"{path.name}.part")
    part.write_bytes(data)
    part.replace(path)
