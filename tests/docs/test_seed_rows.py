"""Each row of the vendor's page names a command and a test that exist."""

import re
from pathlib import Path

from reedbed.cli.commands import ALONE, NOUNS

ROOT = Path(__file__).parents[2]
ROWS = re.findall(
    r"^\|[^|]+\| `reedbed ([a-z ]+)` \| `(test_\w+)` \|$",
    (ROOT / "docs" / "seed-rows.md").read_text(encoding="utf-8"),
    re.MULTILINE,
)


def test_each_row_names_a_test_that_exists() -> None:
    sources = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))

    missing = [test for _, test in ROWS if f"def {test}(" not in sources]

    assert len(ROWS) >= 16
    assert missing == []


def test_each_row_names_a_command_that_exists() -> None:
    known = {f"{noun} {verb}" for noun, about in NOUNS.items() for verb in about.verbs} | set(ALONE)

    assert {command for command, _ in ROWS} - known <= {"integration jfrog run"}
