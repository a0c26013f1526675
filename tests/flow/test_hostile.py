"""What strangers write is data: it is never obeyed, never rendered, never in the way of other records."""

import asyncio
import re
import unicodedata
from pathlib import Path
from typing import Any

import msgspec
import pytest

from feeds.archive_server import ArchiveServer, archive_server, body, endless
from flow.household import Finished, Household
from flow.thread import Thread
from jfrog_standin.faults import Params
from jfrog_standin.osv_records import record

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

LOOK_ALIKE = "\u0435"  # a Cyrillic letter

NAMES = {
    "terminal": "reed\x1b[31mred\x1b]0;owned\x07",
    "newline": "reed\nfake: line",
    "nul": "reed\x00nul",
    "bidi": "reed\u202edeer",
    "zero-width": "re\u200bed",
    "homoglyph": f"r{LOOK_ALIKE}d",
    "path": "../../etc/passwd",
    "encoded-path": "reed/%2e%2e%2f%2e%2e",
    "brackets": "reed[red](,)",
    "scheme": "npm://reed",
    "long": "r" * 10_000,
    "markup": "[bold red]reed[/bold red]",
    "blank": "   ",
    "query": 'reed"}, {"repo": "x',
}
NASTY = (
    "[red]Look[/red] \x1b[2J\x1b]8;;https://evil.example.com\x07here\u202e <script>alert(1)</script> \n\r\t"
    + ("x" * 10_000)
)
VERSIONS = ["1.0.0", "1.0.0\x1b[31m", "[1.0.0", "(,)", "1.0\n2.0", "9" * 10_000, "\u202e1", "../1"]


def hostile(number: int, name: str) -> dict[str, Any]:
    made = record(f"MAL-2026-{number}", name, versions=VERSIONS, summary=NASTY, details=NASTY)
    return {**made, "references": [{"type": "ADVISORY", "url": "javascript:alert(1)\x1b[31m"}]}


@pytest.fixture
async def thread(household: Household) -> Thread:
    """Hostile names, and two good ones with hostile texts, one of which is on the allow-list."""
    thread = await household.move_in()
    for number, name in enumerate(NAMES.values(), 1):
        thread.put(hostile(number, name))
    thread.put(hostile(100, "reed-good"))
    thread.put(hostile(101, "reed-ours"))
    thread.put(record("MAL-102", "reed-id", versions=["1.0.0"]))
    _write(thread.records / "id.json", {**record("x", "reed-id", versions=["1"]), "id": "MAL-\x1b[2J\u202e"})
    _write(thread.records / "\x1b[31mfile.json", {"id": None})
    return thread


def _write(path: Path, value: object) -> None:
    path.write_bytes(msgspec.json.encode(value))


def is_calm(text: str) -> bool:
    """Whether a terminal shows a text as it stands: no control character, nothing hidden."""
    return all(c == "\n" or unicodedata.category(c)[0] != "C" for c in text)


COMMANDS = (
    ("plan", "--unread"),
    ("once",),
    ("list", "--limit", "1000"),
    ("list", "--withdrawn"),
    ("show", "npm:reed-good"),
    ("skipped",),
    ("held", "standin"),
    ("status",),
    ("verify", "standin"),
)


async def test_no_output_has_a_character_that_a_terminal_would_obey(
    household: Household, thread: Thread
) -> None:
    household.settings["REEDBED_INTEL_ALLOW_LIST"] = "pkg:npm/reed-ours"
    first = await household.run("intel", "once")

    seen = {" ".join(arguments): await household.run("intel", *arguments) for arguments in COMMANDS}
    human = await household.run("intel", "once", "--full", "--set", "log.format=human")

    assert first.code == 4, first.err
    for name, finished in seen.items():
        assert finished.code in {0, 4}, (name, finished)
        assert is_calm(finished.out), name
        assert is_calm(finished.err), name
        assert LOOK_ALIKE not in finished.out, name
    assert is_calm(_without_colour(human.err))
    assert {"reed-good", "reed-id"} <= set(thread.issues())
    assert "pkg:npm/reed-ours" in seen["held standin"].out
    assert "[red]Look[/red]" in seen["list --limit 1000"].out  # as it was written, and not in red
    assert len(seen["skipped"].out.splitlines()) > len(NAMES) - 3


def _without_colour(text: str) -> str:
    return re.sub(r"\x1b\[\d*(;\d+)*m", "", text)


async def test_each_line_of_the_log_is_one_json_object_of_ours(household: Household, thread: Thread) -> None:
    finished = await household.run("intel", "once", "--set", "log.level=debug")

    lines = [msgspec.json.decode(line, type=dict[str, Any]) for line in finished.err.splitlines()]
    assert all({"at", "level", "event"} <= line.keys() for line in lines)
    assert all(is_calm(str(value)) for line in lines for value in line.values())


async def test_what_reaches_xray_is_plain(household: Household, thread: Thread) -> None:
    await household.run("intel", "once")

    for name, issue in thread.issues().items():
        assert is_calm(name)  # a look-alike is its own package, and is named as it is
        assert len(name) < 600
        assert all(version.isascii() and version.isprintable() for version in issue["versions"])
        assert is_calm(issue["summary"])
        assert is_calm(issue["description"])
        assert LOOK_ALIKE not in issue["description"]
        assert "<" not in issue["summary"] + issue["description"]
    assert thread.versions("reed-good") == {"[1.0.0]", "[../1]"}  # odd, exact, and nowhere a path


async def test_json_of_hostile_records_is_json(household: Household, thread: Thread) -> None:
    await household.run("intel", "once")

    for arguments in COMMANDS:
        finished = await household.run("intel", *arguments, "--json")
        for line in finished.out.splitlines():
            msgspec.json.decode(line)
        assert is_calm(finished.out)


@pytest.mark.parametrize("kind", ["gzip_bomb", "endless"])
async def test_a_body_without_end_from_jfrog_costs_one_record_and_little_memory(
    household: Household, kind: str
) -> None:
    thread = await household.move_in()
    for number in range(20):
        thread.publish(f"MAL-{number}", f"reed-{number}", versions=["1.0.0"])
    thread.fail(kind, "/xray/api/v2/events/*", skip=5, count=1, params=Params(megabytes=1_024))

    finished, most_mb = await watched(household, "intel", "once")

    assert finished.code == 3, finished.err
    assert "larger than" in finished.err
    assert len(thread.issues()) == 19
    assert most_mb < 300


async def bomb() -> bytes:
    """A gibibyte of spaces, packed."""
    packing = await asyncio.create_subprocess_shell(
        "head -c 1073741824 /dev/zero | tr '\\0' ' ' | gzip -1", stdout=asyncio.subprocess.PIPE
    )
    packed, _ = await packing.communicate()
    return packed


@pytest.mark.parametrize("kind", ["gzip-bomb", "endless"])
async def test_a_body_without_end_from_one_feed_leaves_the_others_alone(
    household: Household, kind: str
) -> None:
    thread = await household.move_in()
    thread.publish("MAL-1", "reed-good", versions=["1.0.0"])
    async with archive_server() as archive:
        archive.publish("npm", [record("MAL-2", "reed-far", versions=["1.0.0"])])
        await _spoil(archive, kind)
        household.write_settings(
            *("[[feeds]]", 'kind = "osv"', 'name = "far"', f'source = "{archive.url}"'),
            *(
                'ecosystems = ["npm"]',
                "allow_plain_http = true",
                "max_archive_mb = 16",
                "retry_wait_s = 0.01",
            ),
        )
        finished, most_mb = await watched(household, "intel", "once")

    assert finished.code == 1, finished.err
    assert "comes compressed, which was not asked for" in finished.err or "bytes" in finished.err
    assert set(thread.issues()) == {"reed-good"}
    assert most_mb < 300


async def _spoil(archive: ArchiveServer, kind: str) -> None:
    fault = endless if kind == "endless" else body(await bomb(), Content_Encoding="gzip")
    for path in ("npm/modified_id.csv", "npm/all.zip", "npm/MAL-2.json"):
        archive.fail(path, fault, times=20)


async def watched(household: Household, *arguments: str) -> tuple[Finished, float]:
    """Carry out a command; give its end, and the most memory that it held, in MB."""
    child = await household.start_anew(*arguments)
    status = Path(f"/proc/{child.pid}/status")
    most_kb = 0
    while child.returncode is None:
        for line in _lines(status):
            if line.startswith("VmHWM:"):
                most_kb = max(most_kb, int(line.split()[1]))
        await asyncio.sleep(0.02)
    number = len(household.children) - 1
    out, err = (_text(household.folder / f"{kind}-{number}") for kind in ("out", "err"))
    return Finished(child.returncode, out, err), most_kb / 1024


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return []


def _text(path: Path) -> str:
    return path.read_text()
