"""A made-up archive of malicious-package records in the public layout, of any size, and a server of it.

    python -m bench.archive RECORDS

makes one where it is missing, and prints its folder. The layout is that of `feeds/osv_archive.py`. The
records are the same in every run and on every machine; they are made once, and kept in the system's folder
for temporary files.
"""

import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web

from bench.child import run
from jfrog_standin.osv_records import Record, many, write_zip

EDITION = 1
"""To be raised when the records change, so that no archive of the former ones is measured."""

SHARES = {
    "PyPI": 0.06,
    "NuGet": 0.02,
    "RubyGems": 0.01,
    "crates.io": 0.002,
    "Go": 0.002,
    "Maven": 0.001,
    "Packagist": 0.001,
}
"""Of all records; the others, nine in ten, are npm's. Rounded from the public archive of late 2026."""


def counts(records: int) -> dict[str, int]:
    """Share records out among the ecosystems."""
    others = {ecosystem: max(1, int(records * share)) for ecosystem, share in SHARES.items()}
    return {"npm": records - sum(others.values()), **others}


async def made(records: int) -> Path:
    """Give the folder of an archive, made in a child: what this process holds counts as its children's."""
    return Path((await run(sys.executable, "-m", "bench.archive", str(records))).out.decode().strip())


def archive(records: int, cache: Path | None = None) -> Path:
    """Give the folder of an archive of so many records, which is made where it is missing."""
    cache = cache or Path(tempfile.gettempdir()) / "reedbed-bench"
    folder = cache / f"osv-{EDITION}-{records}"
    if not folder.exists():
        cache.mkdir(parents=True, exist_ok=True)
        making = Path(tempfile.mkdtemp(prefix="making-", dir=cache))
        first = 1
        for ecosystem, count in counts(records).items():
            _write(making / ecosystem, many(count, ecosystem=ecosystem, first=first))
            first += count
        try:
            making.rename(folder)
        except OSError:  # another run was quicker
            shutil.rmtree(making)
    return folder


def _write(folder: Path, records: Iterator[Record]) -> None:
    folder.mkdir()
    with (folder / "modified_id.csv").open("w", encoding="ascii") as rows:

        def listed() -> Iterator[Record]:
            for record in records:
                rows.write(f"{record['modified']},{record['id']}\n")
                yield record

        write_zip(folder / "all.zip", listed())


class Served:
    """An archive behind HTTP; counts what was asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.url = ""
        self.requests = 0

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Give a file with its ETag, or 304 where that is known already."""
        self.requests += 1
        path = self._folder / request.match_info["path"]
        return web.FileResponse(path) if path.is_file() else web.Response(status=404)


@asynccontextmanager
async def served(folder: Path) -> AsyncIterator[Served]:
    """Serve a folder over HTTP on this machine alone."""
    serving = Served(folder)
    app = web.Application()
    app.router.add_get("/{path:.*}", serving.answer)
    runner = web.AppRunner(app, access_log=None)
    try:
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        serving.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield serving
    finally:
        await runner.cleanup()


if __name__ == "__main__":
    print(archive(int(sys.argv[1])))
