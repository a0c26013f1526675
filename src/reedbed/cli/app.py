"""The front: it knows every command by name, and imports one when it is called."""

import sys
from collections.abc import Sequence

from cyclopts import App

from reedbed.cli.commands import ALONE, NOUNS, Command, Noun
from reedbed.cli.exit import Exit
from reedbed.errors import ReedbedError, SettingsError
from reedbed.model.identity import FINDING_RULE
from reedbed.model.text import visible

EPILOGUE = "Exit codes: " + ", ".join(f"{code.value} {code.meaning}" for code in Exit)

app = App(
    name="reedbed",
    help="Blocks malicious packages in a JFrog Platform before anyone downloads them, and proves it.",
    help_epilogue=EPILOGUE,
    help_format="markdown",
    result_action="return_value",
)


def _add(group: App, name: str, known: Command | Noun) -> None:
    """Put a command, or a noun with all of its commands, below a group."""
    if isinstance(known, Command):
        group.command(f"reedbed.cli.{known.where}", name=name, help=known.help)
        return
    below = App(name=name, help=known.about)
    for verb, each in known.verbs.items():
        _add(below, verb, each)
    group.command(below)


for noun, known in NOUNS.items():
    _add(app, noun, known)
for name, command in ALONE.items():
    _add(app, name, command)


def run(arguments: Sequence[str]) -> int:
    """Carry out one command and give its exit code; what went wrong is said on standard error."""
    try:
        result = app(_spelled_out(_as_text(arguments)))
    except ReedbedError as error:
        sys.stderr.write(f"{error.what}\n  why: {error.why}\n  fix: {error.fix}\n")
        return Exit.FAILED
    except BrokenPipeError:  # `| head`
        sys.stderr.close()
        return Exit.DONE
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    return int(result or 0)


def _as_text(arguments: Sequence[str]) -> Sequence[str]:
    """Make sure that all is text. What is not UTF-8 comes as surrogates, which no store and no JSON takes.

    Raises:
        SettingsError: an argument is none.
    """
    for each in arguments:
        if any("\ud800" <= character <= "\udfff" for character in each):
            raise SettingsError(
                "Could not read the command line",
                why=f"{visible(each)} is not UTF-8",
                fix="Write it in UTF-8.",
            )
    return arguments


def _spelled_out(arguments: Sequence[str]) -> list[str]:
    """Take `reedbed finding rbf1:…` for `reedbed finding show rbf1:…`: no verb looks like an id."""
    noun, *rest = arguments or ("",)
    if noun == "finding" and rest and rest[0].startswith(f"{FINDING_RULE}:"):
        return [noun, "show", *rest]
    return list(arguments)
