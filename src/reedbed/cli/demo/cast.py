"""Who plays in the demonstration, and the platform that they play on."""

import shutil
from pathlib import Path
from typing import Any

import msgspec

from jfrog_standin.artifactory.packages import add_go, add_npm, add_pypi
from jfrog_standin.artifactory.repository import Repository
from jfrog_standin.osv_records import origin, record, span, with_origins, write_folder
from jfrog_standin.server import Running
from reedbed.model.ecosystem import PackageType

REPOSITORIES = {
    PackageType.NPM: "npm-local",
    PackageType.PYPI: "pypi-local",
    PackageType.GO: "go-local",
}


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A package of the play: one release that a record flags, and one that is clean."""

    type: PackageType
    name: str
    flagged: str
    clean: str

    @property
    def repository(self) -> str:
        return REPOSITORIES[self.type]


class Cast(msgspec.Struct, frozen=True, kw_only=True):
    """Who plays: packages of real records where those are at hand, else made-up ones of the same shapes."""

    named: Part  # flagged by version; its record is withdrawn later
    record: str  # that record's id
    narrowed: Part  # its record still carries a stale “all versions”
    python: Part
    module: Part  # every version flagged, and nobody uses it
    used: Part  # every version flagged, and people use it
    reported: Part  # SafeDep reports it
    recalled: Part  # SafeDep reports it, and takes that back


REAL = Cast(
    named=Part(type=PackageType.NPM, name="axios", flagged="1.14.1", clean="1.14.0"),
    record="MAL-2026-2307",
    narrowed=Part(type=PackageType.NPM, name="@ctrl/tinycolor", flagged="4.1.1", clean="4.1.0"),
    python=Part(type=PackageType.PYPI, name="litellm", flagged="1.82.7", clean="1.82.6"),
    module=Part(
        type=PackageType.GO, name="github.com/BufferZoneCorp/grpc-client", flagged="v1.0.0", clean=""
    ),
    used=Part(type=PackageType.GO, name="github.com/boltdb-go/bolt", flagged="v1.3.1", clean=""),
    reported=Part(type=PackageType.NPM, name="@hideliar/9router", flagged="0.4.25", clean=""),
    recalled=Part(type=PackageType.NPM, name="@sheason/d-pi", flagged="0.4.3", clean=""),
)
MADE = Cast(
    named=Part(type=PackageType.NPM, name="reed-axe", flagged="1.14.1", clean="1.14.0"),
    record="MAL-2026-90001",
    narrowed=Part(type=PackageType.NPM, name="@reed/colour", flagged="4.1.1", clean="4.1.0"),
    python=Part(type=PackageType.PYPI, name="reed-light", flagged="1.82.7", clean="1.82.6"),
    module=Part(type=PackageType.GO, name="example.com/reed/grpc", flagged="v1.0.0", clean=""),
    used=Part(type=PackageType.GO, name="example.com/reed/bolt", flagged="v1.3.1", clean=""),
    reported=Part(type=PackageType.NPM, name="@reed/router", flagged="0.4.25", clean=""),
    recalled=Part(type=PackageType.NPM, name="@reed/d-pi", flagged="0.4.3", clean=""),
)


def prepare(platform: Running, home: Path, records: Path | None) -> tuple[Cast, Path]:
    """Put records into a folder, and packages into the platform: the cast and that folder."""
    folder = home / "records"
    if records is not None and (records / f"{REAL.record}.json").is_file():
        shutil.copytree(records, folder)
        cast = REAL
    else:
        folder.mkdir()
        write_folder(folder, {f"{each['id']}.json": each for each in _made_up()})
        cast = MADE
    _stock(platform, cast)
    return cast, folder


def _made_up() -> list[dict[str, Any]]:
    wide, narrow = span("introduced 0"), span("introduced 4.1.1", "last_affected 4.1.2")
    merged = with_origins(
        origin("ghsa-malware", "GHSA-0000", 1, ranges=[wide]),
        origin("ghsa-malware", "GHSA-0000", 2, ranges=[narrow]),
    )
    return [
        record(MADE.record, MADE.named.name, versions=["0.30.4", "1.14.1"]),
        record("MAL-2026-90002", MADE.narrowed.name, ranges=[wide, narrow], database_specific=merged),
        record("MAL-2026-90003", MADE.python.name, ecosystem="PyPI", versions=["1.82.7", "1.82.8"]),
        record("MAL-2026-90004", MADE.module.name, ecosystem="Go", ranges=[wide]),
        record("MAL-2026-90005", MADE.used.name, ecosystem="Go", ranges=[wide]),
        record("MAL-2026-90006", "reed.console", ecosystem="VSCode", versions=["18.95.0"]),
        record("MAL-2026-90007", "reed-false-alarm", versions=["1.0.0"], withdrawn="2026-03-02T00:00:00Z"),
    ]


def _stock(platform: Running, cast: Cast) -> None:
    """Build harmless packages with the names of the play, into repositories that anybody may read."""
    storage = platform.platform.artifactory
    platform.platform.switch(anonymous=True)
    for kind in ("npm", "pypi", "go"):
        storage.add(Repository(key=f"{kind}-local", package_type=kind))
    for part in (cast.named, cast.narrowed):
        for version in (part.flagged, part.clean):
            add_npm(storage, "npm-local", part.name, version)
    for part in (cast.reported, cast.recalled):
        add_npm(storage, "npm-local", part.name, part.flagged)
    for version in (cast.python.flagged, cast.python.clean):
        add_pypi(storage, "pypi-local", cast.python.name, version)
    for part in (cast.module, cast.used):
        add_go(storage, "go-local", part.name, part.flagged)
