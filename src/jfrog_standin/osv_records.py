"""Made-up malicious-package records in the OSV format: every shape that real ones have, and whole archives.

No name here is a real package's. The shapes are those of ossf/malicious-packages and of the OSV schema
(ossf.github.io/osv-schema).
"""

import json
import random
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

Record = dict[str, Any]

MADE = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
WIDE = {"type": "SEMVER", "events": [{"introduced": "0"}]}


def record(
    record_id: str,
    name: str,
    *,
    ecosystem: str = "npm",
    versions: Iterable[Any] = (),
    ranges: Iterable[Mapping[str, Any]] = (),
    modified: datetime = MADE,
    **more: Any,
) -> Record:
    """Make one record about one package; `more` are fields of the record as they stand, or over it."""
    affected: Record = {"package": {"ecosystem": ecosystem, "name": name}}
    if listed := list(versions):
        affected["versions"] = listed
    if spans := [dict(span) for span in ranges]:
        affected["ranges"] = spans
    made = {
        "schema_version": "1.7.4",
        "id": record_id,
        "modified": stamp(modified),
        "published": stamp(modified),
        "summary": f"Malicious code in {name} ({ecosystem})",
        "details": "Made up for tests.",
        "affected": [affected],
        "references": [{"type": "ADVISORY", "url": f"https://advisories.example.com/{record_id}"}],
    }
    return {**made, **more}


def span(*events: str, kind: str = "SEMVER") -> Record:
    """`span("introduced 1.0.0", "fixed 2.0.0")` as a range."""
    return {"type": kind, "events": [dict([event.split(" ", 1)]) for event in events]}


def origin(source: str, record_id: str | None, day: int, **more: Any) -> Record:
    """A report that a record was merged from, modified on that day of March 2026."""
    modified = MADE.replace(day=day)
    made: Record = {
        "source": source,
        "sha256": "0" * 64,
        "import_time": stamp(modified + timedelta(hours=1)).replace("Z", ".771790567Z"),
        "modified_time": stamp(modified),
    }
    return {**made, **({"id": record_id} if record_id else {}), **more}


def with_origins(*origins: Record) -> Record:
    return {"malicious-packages-origins": list(origins)}


def stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def shapes() -> dict[str, Record]:
    """One record of every shape, by the name of the file that it would lie in."""
    made = [*_plain(), *_ranges(), *_narrowed(), *_withdrawn(), *_refused(), *_hostile()]
    named = {f"{each['id']}.json": each for each in made}
    without_id = record("", "reed-no-id", versions=["5.6.1"])
    del without_id["id"]
    return {**named, "MAL-0000-reed-no-id.json": without_id}


def _plain() -> Iterator[Record]:
    yield record("MAL-2026-90001", "reed-exact", versions=["1.14.1", "0.30.4"])
    yield record("MAL-2026-90002", "@reed/scoped", versions=["2.0.0"])
    yield record("MAL-2026-90003", "Reed_Py.Pkg", ecosystem="PyPI", versions=["0.0.0.1", "1.0"])
    yield record("MAL-2026-90004", "reed.example/Upper/mod", ecosystem="Go", ranges=[WIDE])
    yield record("MAL-2026-90005", "reed_crate", ecosystem="crates.io", versions=["0.3.10"])
    yield record("MAL-2026-90006", "org.example.reed:core", ecosystem="Maven", versions=["4.18.1"])
    yield record("MAL-2026-90007", "Reed.NuGet", ecosystem="NuGet", versions=["3.2"])
    yield record("MAL-2026-90008", "reed-gem", ecosystem="RubyGems", versions=["0.0.2"])
    yield record("MAL-2026-90009", "reed/composer", ecosystem="Packagist", versions=["5.0.2"])
    yield record("MAL-2026-90010", "reed.vscode-extension", ecosystem="VSCode", versions=["18.95.0"])
    yield record(
        "MAL-2026-90011", "reed-no-origins", versions=["1.0.0"], database_specific=with_null_origins()
    )
    no_published = record("MAL-2026-90012", "reed-no-published", versions=["1.0.0"], references=[])
    del no_published["published"]
    yield no_published


def with_null_origins() -> Record:
    return {"malicious-packages-origins": None}


def _ranges() -> Iterator[Record]:
    def ranged(number: int, *events: str, kind: str = "SEMVER", **more: Any) -> Record:
        return record(f"MAL-2026-{number}", f"reed-range-{number}", ranges=[span(*events, kind=kind)], **more)

    yield ranged(90101, "introduced 0")
    yield ranged(90102, "introduced 0.0.0")
    yield ranged(90103, "introduced 0", "fixed 2.0.0")
    yield ranged(90104, "introduced 0", "last_affected 2.0.0")
    yield ranged(90105, "introduced 1.0.0", "fixed 2.0.0")
    yield ranged(90106, "introduced 1.0.0", "last_affected 2.0.0")
    yield ranged(90107, "introduced 1.0.0", "last_affected 1.0.0")
    yield ranged(90108, "introduced 1.0.0")
    yield ranged(90109, "introduced 2.0.0", "fixed 2.1.0", "introduced 1.0.0", "fixed 1.1.0")
    yield ranged(90110, "introduced 1.0.0", "last_affected 1.0.5", versions=["3.0.0"])
    yield ranged(90111, "introduced 1.0", "fixed 2.0", kind="ECOSYSTEM", ecosystem="PyPI")
    yield ranged(90112, "introduced one", "fixed two", versions=["3.0.0"])


def _narrowed() -> Iterator[Record]:
    true = span("introduced 4.1.1", "last_affected 4.1.2")
    reports = with_origins(
        origin("first-source", "REPORT-1", 15, ranges=[WIDE]),
        origin("first-source", "REPORT-1", 16, ranges=[true]),
    )
    yield record("MAL-2026-90201", "@reed/popular", ranges=[WIDE, true], database_specific=reports)
    another = with_origins(
        *reports["malicious-packages-origins"], origin("second-source", "REPORT-2", 1, ranges=[WIDE])
    )
    yield record("MAL-2026-90202", "@reed/held-twice", ranges=[WIDE, true], database_specific=another)
    versions_since = with_origins(
        origin("first-source", "REPORT-3", 15, ranges=[WIDE]),
        origin("first-source", "REPORT-3", 16, versions=["2.2.2", "0.10.1"]),
    )
    yield record(
        "MAL-2026-90203",
        "@reed/corrected",
        versions=["2.2.2"],
        ranges=[WIDE],
        database_specific=versions_since,
    )
    no_news = with_origins(
        origin("first-source", "REPORT-4", 15, ranges=[WIDE]), origin("first-source", "R-5", 16)
    )
    yield record("MAL-2026-90204", "reed-no-news", ranges=[WIDE], database_specific=no_news)


def _withdrawn() -> Iterator[Record]:
    at: Record = {"withdrawn": stamp(MADE + timedelta(days=30, microseconds=5))}
    yield record(
        "MAL-2026-90301", "reed-withdrawn", ranges=[WIDE], database_specific=with_null_origins(), **at
    )
    yield record("MAL-2026-90302", "reed-bare", affected=None, **at)
    yield record("MAL-2026-90303", "reed-empty", affected=[], **at)


def _refused() -> Iterator[Record]:
    yield record("MAL-2026-90401", "reed-neither")
    yield record("MAL-2026-90402", "reed-empty-lists", affected=[_affected("reed", versions=[], ranges=[])])
    yield record("MAL-2026-90403", "reed-git", ranges=[span("introduced 0", kind="GIT")])
    yield record("MAL-2026-90404", "-", affected=[{"ranges": [span("introduced 0", kind="GIT")]}])
    yield record("MAL-2026-90405", "-", affected=[])
    yield record("MAL-2026-90406", "reed", ecosystem="Debian:11", ranges=[WIDE])
    yield record("MAL-0000-reed-temporary", "reed-temporary", versions=["1.0.0"])
    undated = record("MAL-2026-90407", "reed-undated", versions=["1.0.0"], published=None)
    yield {**undated, "modified": None}


def _affected(name: str, ecosystem: str = "npm", **more: Any) -> Record:
    return {"package": {"ecosystem": ecosystem, "name": name}, **more}


def _hostile() -> Iterator[Record]:
    yield record("MAL-2026-90501", "2Captc\u04bbaAP\u0406", ecosystem="NuGet", versions=["1.0.0"])
    yield record("MAL-2026-90502", "reed\u202eprofit", versions=["1.0.0"])
    yield record("MAL-2026-90503", "reed\x1b[2Jclear", versions=["1.0.0"])
    yield record("MAL-2026-90504", "n" * 10_000, versions=["1.0.0"])
    yield record("MAL-2026-90505", "../../../etc/passwd", versions=["1.0.0"])
    yield record("MAL-2026-90506", "reed-brackets", versions=["1.0.0],(,", "1.0.1", "2 0", ""])
    yield record("MAL-2026-90507", "reed-brackets-only", versions=["1.0.0)", "(,)"])
    yield record(
        "MAL-2026-90508",
        "reed-several",
        affected=[
            _affected("reed-several-a", versions=["1.0.0"]),
            _affected("reed-several-b", "PyPI", versions=["2.0"]),
            _affected("reed-several-a", versions=["1.0.1"]),
            _affected("reed-several-c", "Debian:12", versions=["3"]),
        ],
    )
    yield record(
        "MAL-2026-90509",
        "reed-links",
        versions=["1.0.0"],
        summary="Two\nlines \x1b[31mand a\u202e colour",
        references=[
            {"type": "ADVISORY", "url": "javascript:alert(1)"},
            {"type": "WEB", "url": "https://example.com/web"},
            {"type": "REPORT", "url": "https://example.com/report"},
        ],
    )


def many(
    count: int, *, ecosystem: str = "npm", first: int = 1, seed: int = 0, since: datetime = MADE
) -> Iterator[Record]:
    """Make records of one ecosystem in the public archive's mixture: most name all versions.

    Their ids are numbered from `first`. One in a hundred is about a package that an earlier one is about.
    """
    draw = random.Random(seed)  # noqa: S311 -- a mixture, not a secret
    for number in range(count):
        about = draw.randrange(number + 1) if draw.random() < 0.01 else number
        name = _made_name(ecosystem, about)
        made = record(
            f"MAL-2025-{first + number}",
            name,
            ecosystem=ecosystem,
            modified=since - timedelta(seconds=count - number),
            details="Made up. " * draw.randint(5, 120),
        )
        yield {**made, **_mixture(draw, name, ecosystem)}


_NAMES = {"Go": "made.example/{}", "Maven": "org.example.made:{}", "Packagist": "made/{}"}
_SEMVER = {"npm", "Go", "crates.io"}  # the others' ranges are of the type ECOSYSTEM


def _made_name(ecosystem: str, number: int) -> str:
    scoped = "@reed/{}" if ecosystem == "npm" and number % 5 == 0 else "{}"
    return _NAMES.get(ecosystem, scoped).format(f"made-{number}")


def _mixture(draw: random.Random, name: str, ecosystem: str) -> Record:
    kind, order = draw.random(), "SEMVER" if ecosystem in _SEMVER else "ECOSYSTEM"
    if kind < 0.01:
        return {"withdrawn": stamp(MADE)}
    wide = span("introduced 0", kind=order)
    report = origin("first-source", "REPORT", 15, ranges=[wide])
    if kind < 0.55:
        affected = _affected(name, ecosystem, ranges=[wide])
        return {"affected": [affected], "database_specific": with_origins(report)}
    if kind < 0.56:
        true = span("introduced 1.0.1", "last_affected 1.0.2", kind=order)
        reports = with_origins(report, origin("first-source", "REPORT", 16, ranges=[true]))
        affected = _affected(name, ecosystem, ranges=[wide, true])
        return {"affected": [affected], "database_specific": reports}
    listed = [f"{draw.randint(0, 9)}.{draw.randint(0, 20)}.{patch}" for patch in range(draw.randint(1, 6))]
    named = origin("second-source", f"IN-{name}", 15, versions=listed)
    affected = _affected(name, ecosystem, versions=listed)
    return {"affected": [affected], "database_specific": with_origins(named)}


def write_zip(path: Path, records: Iterable[Record]) -> None:
    """Write an `all.zip` in the public layout. Equal records give equal bytes, whatever the time."""
    with zipfile.ZipFile(path, "w") as archive:
        for each in records:
            entry = zipfile.ZipInfo(f"{each['id']}.json")
            archive.writestr(entry, encoded(each), zipfile.ZIP_DEFLATED, compresslevel=1)


def write_folder(folder: Path, records: Mapping[str, Record]) -> None:
    """Write each record into a file of its own: file name → record."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, each in records.items():
        (folder / name).write_bytes(encoded(each))


def encoded(each: Record) -> bytes:
    return json.dumps(each).encode()
