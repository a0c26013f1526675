"""Each row of the vendors' pages names a command or a page, and a test, that exist."""

import re
from pathlib import Path

import pytest

from reedbed.cli.commands import ALONE, NOUNS
from reedbed.inventory.transform import defaults

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "seed-rows.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\|.+\| (`reedbed [a-z ]+`|\[.+\]\(.+\)) \| `(test_\w+)` \|$", PAGE, re.MULTILINE)
COMMANDS = {where[9:-1] for where, _ in ROWS if where.startswith("`")}
LINKS = {where.rpartition("(")[2].removesuffix(")") for where, _ in ROWS if where.startswith("[")}
VENDORS = ROOT.parent / "shared" / "seeds" / "inventory-connector.txt"
MAPS = (
    ("Docker Image Asset", defaults.IMAGE, 26),
    ("Binary Repository Asset", defaults.REPOSITORY, 8),
    ("Docker Image Vulnerability", defaults.VULNERABILITY, 34),
)


def test_each_row_names_a_test_that_exists() -> None:
    sources = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))

    missing = [test for _, test in ROWS if f"def {test}(" not in sources]

    assert len(ROWS) >= 120
    assert missing == []


def test_each_row_names_a_command_or_a_page_that_exists() -> None:
    known = {f"{noun} {verb}" for noun, about in NOUNS.items() for verb in about.verbs} | set(ALONE)

    assert COMMANDS - known <= {"integration jfrog run"}
    assert [link for link in LINKS if not _is_there(link)] == []


def _is_there(link: str) -> bool:
    path, _, anchor = link.partition("#")
    headings = re.findall(r"^#+ (.+)$", (ROOT / "docs" / path).read_text(encoding="utf-8"), re.MULTILINE)
    return not anchor or anchor in {heading.lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize(("title", "name", "number"), MAPS)
def test_each_row_of_a_map_is_the_row_of_that_number(title: str, name: str, number: int) -> None:
    document = defaults.document(name, 1)

    assert document is not None
    assert [target for _, target in _listed(title)] == [row.target for row in document.rows[:number]]


@pytest.mark.parametrize(("title", "number"), [(title, number) for title, _, number in MAPS])
@pytest.mark.skipif(not VENDORS.exists(), reason="the vendor's page is not here")
def test_each_row_of_a_map_is_that_of_the_vendors_page(title: str, number: int) -> None:
    _, _, below = VENDORS.read_text(encoding="utf-8").partition(f"{title} Transformation{title}")

    theirs = re.findall(
        r"^(\S.*) \|\n(asset\.\S+|findingGroup\.\S+)( \(Required\))? \|$", below, re.MULTILINE
    )

    assert [(source, target) for source, target, _ in theirs[:number]] == _listed(title)


def _listed(title: str) -> list[tuple[str, str]]:
    """Give the sources and targets that stand below a heading."""
    _, _, below = PAGE.partition(f"### {title}: ")
    return re.findall(r"^\| \d+ \| `(.+)` \| `(.+)` \|$", below.partition("\n#")[0], re.MULTILINE)
