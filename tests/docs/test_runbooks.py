"""What runbooks and guides tell people to type, and where they send them, exists."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from reedbed.cli.commands import ALONE, NOUNS, Command, Noun

ROOT = Path(__file__).parents[2]
RUNBOOKS = ROOT / "docs" / "runbooks"
GUIDES = [ROOT / "docs" / "querying.md", ROOT / "docs" / "triage.md"]
PAGES = [*sorted(RUNBOOKS.glob("*.md")), ROOT / "ops" / "README.md", *GUIDES]
CLI = (ROOT / "docs" / "reference" / "cli.md").read_text()


def commands(verbs: Mapping[str, Command | Noun], before: str = "") -> Iterator[str]:
    for name, verb in verbs.items():
        if isinstance(verb, Command):
            yield f"{before}{name}"
        else:
            yield from commands(verb.verbs, f"{before}{name} ")


KNOWN = {*commands(NOUNS), *ALONE}


def typed(page: Path) -> list[str]:
    """Each command line of a page: what stands after `reedbed` in code."""
    text = page.read_text()
    spans = [*re.findall(r"`([^`\n]+)`", text), *re.findall(r"^    (.+)$", text, re.MULTILINE)]
    found = (re.search(r"(?:^|\s)reedbed(?:-admin)? +([a-z].*)", span) for span in spans)
    return [match[1] for match in found if match]


def section(line: str) -> str:
    """The part of the reference that tells of the command of a line."""
    (command,) = (known for known in KNOWN if re.match(rf"{known}(\s|$)", line))
    return re.split(rf"^#+ reedbed {command}$", CLI, flags=re.MULTILINE)[1].partition("\n#")[0]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_command_on_a_page_exists(page: Path) -> None:
    lines = typed(page)

    unknown = [line for line in lines if not any(re.match(rf"{known}(\s|$)", line) for known in KNOWN)]

    assert unknown == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_flag_on_a_page_exists(page: Path) -> None:
    unknown = [
        line
        for line in typed(page)
        for flag in re.findall(r"(?<=\s)--[a-z-]+", line)
        if not re.search(rf"{flag}\b", section(line))
    ]

    assert unknown == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_link_on_a_page_leads_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text())

    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_every_page_is_in_the_table_by_symptom() -> None:
    table = (RUNBOOKS / "README.md").read_text()

    pages = [page.name for page in RUNBOOKS.glob("*.md") if page.name != "README.md"]

    assert len(pages) >= 9
    assert [name for name in pages if f"({name})" not in table] == []
