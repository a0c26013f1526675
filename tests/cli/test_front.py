"""The front of the command line: its help, what it imports, and what it says to a wrong word."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator

import pytest

from flow.household import Household
from reedbed.cli.app import run
from reedbed.cli.commands import ALONE, NOUNS, Command, Noun
from reedbed.cli.exit import Exit


def _below(*names: str, known: Command | Noun) -> Iterator[tuple[str, ...]]:
    if isinstance(known, Command):
        yield names
        return
    for verb, each in known.verbs.items():
        yield from _below(*names, verb, known=each)


FRONT: dict[str, Command | Noun] = {**NOUNS, **ALONE}
COMMANDS = [path for name, known in FRONT.items() for path in _below(name, known=known)]
HEAVY = ("sqlalchemy", "dbos", "aiohttp", "litestar", "psycopg", "cryptography", "alembic")


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_the_help_of_each_command_has_an_example_of_it(
    command: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    code = run([*command, "--help"])

    said = " ".join(capsys.readouterr().out.split())
    assert code == Exit.DONE
    assert f"Example: reedbed {' '.join(command)}" in said


def test_the_help_lists_every_command_and_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    run(["--help"])
    front = capsys.readouterr().out
    run(["intel", "--help"])
    intel = capsys.readouterr().out

    assert all(noun in front for noun in FRONT)
    assert all(verb in intel for verb in NOUNS["intel"].verbs)
    assert all(f"{code.value} {code.meaning}" in " ".join(front.split()) for code in Exit)


@pytest.mark.parametrize("arguments", [["--help"], ["intel", "--help"], ["platform", "add", "--help"]])
def test_help_starts_without_what_only_work_needs(arguments: list[str]) -> None:
    program = (
        "import json, sys\n"
        "from reedbed.cli.app import run\n"
        f"run({arguments!r})\n"
        "print(json.dumps([name.partition('.')[0] for name in sys.modules]), file=sys.stderr)\n"
    )

    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, timeout=120)

    assert not set(HEAVY) & set(json.loads(ended.stderr))


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("REEDBED_INTEL_MAX_BLOKS", "1", "Did you mean REEDBED_INTEL_MAX_BLOCKS?"),
        ("REEDBED_INTEL_MAX_BLOCKS", "some", "REEDBED_INTEL_MAX_BLOCKS"),
        ("REEDBED_DATABASE", "mysql://example.com/x", "postgresql://"),
        ("REEDBED_SECRET_KEY", "too-short", "REEDBED_SECRET_KEY"),
        ("REEDBED_CONFIG", "/nowhere/reedbed.toml", "/nowhere/reedbed.toml"),
    ],
)
async def test_a_wrong_setting_is_told_with_what_why_and_fix(
    household: Household, variable: str, value: str, said: str
) -> None:
    household.settings[variable] = value

    finished = await household.run("intel", "status")

    lines = finished.err.splitlines()
    assert finished.code == Exit.FAILED
    assert finished.out == ""
    assert [line.partition(":")[0] for line in lines[1:]] == ["  why", "  fix"], finished.err
    assert said in finished.err


async def test_a_pipe_that_closes_early_is_no_error(household: Household) -> None:
    command = f"{sys.executable} -m reedbed settings | head -1"

    ended = await asyncio.create_subprocess_shell(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=household.environment
    )
    out, err = await asyncio.wait_for(ended.communicate(), 120)

    assert err == b""
    assert out.startswith(b"setting")


@pytest.mark.parametrize("as_json", [(), ("--json",)], ids=["text", "json"])
async def test_the_settings_are_shown_without_passwords(
    household: Household, as_json: tuple[str, ...]
) -> None:
    household.write_settings(
        *("[[feeds]]", 'kind = "own-list"', 'name = "own"', 'source = "https://lists.example.com/own.csv"'),
        'proxy = "http://alice:canary@proxy.example.com:3128"',
    )
    household.settings["REEDBED_DATABASE"] = "postgresql://alice:canary@db.example.com/reedbed"

    finished = await household.run("settings", *as_json)

    assert "postgresql://db.example.com/reedbed" in finished.out
    assert "own" in finished.out
    assert "canary" not in finished.out + finished.err
