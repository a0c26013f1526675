"""Every command by name. What a command needs is imported when it runs, so that the front starts at once."""

import sys
from collections.abc import Sequence

from cyclopts import App

from reedbed.cli.exit import Exit
from reedbed.errors import ReedbedError

EPILOGUE = "Exit codes: " + ", ".join(f"{code.value} {code.meaning}" for code in Exit)

app = App(
    name="reedbed",
    help="Blocks malicious packages in a JFrog Platform before anyone downloads them, and proves it.",
    help_epilogue=EPILOGUE,
    help_format="markdown",
    result_action="return_value",
)

COMMANDS = {
    "platform": (
        "The JFrog Platforms that Reedbed works on.",
        {
            "add": ("platform:add", "Store a platform and its access token (encrypted)."),
            "list": ("platform:list_all", "List the platforms, and when their tokens expire."),
            "test": (
                "platform:check_one",
                "Find out what works on a platform and what does not, and what to do.",
            ),
            "rotate": ("platform:rotate", "Replace a platform's access token after testing the new one."),
            "remove": ("platform:remove", "Forget a platform and its token; its custom issues stay in Xray."),
        },
    ),
    "intel": (
        "What feeds say is malicious becomes custom issues in Xray that block.",
        {
            "once": ("intel.runs:once", "Read the feeds, bring Xray to what they say, and stop."),
            "run": ("intel.runs:run", "Do that on a schedule, as a daemon."),
            "plan": ("intel.runs:plan", "Show what a run would change, without changing anything."),
            "explain": ("intel.look:explain", "Show what feed records would become in Xray, and why."),
            "status": ("intel.look:status", "Show feeds, platforms, what waits and what failed."),
            "list": ("intel.look:list_all", "List what the feeds say."),
            "show": ("intel.look:show_one", "Show all that is known of one package."),
            "skipped": ("intel.look:skipped", "List what is not pushed, and why."),
            "held": ("intel.held:held", "List the changes that wait for a person, and why."),
            "release": ("intel.held:release", "Let held changes go."),
            "verify": ("intel.proof:verify", "Compare the ledger with what Xray really holds."),
            "enforce": ("intel.proof:enforce", "Show, make and prove what makes a custom issue block."),
        },
    ),
    "secrets": (
        "The key that encrypts credentials.",
        {"rotate": ("secrets:rotate", "Encrypt every credential with a new key.")},
    ),
}

for noun, (meaning, verbs) in COMMANDS.items():
    group = App(name=noun, help=meaning)
    for verb, (where, does) in verbs.items():
        group.command(f"reedbed.cli.{where}", name=verb, help=does)
    app.command(group)

app.command("reedbed.cli.settings:settings", name="settings", help="Show every setting and its value.")
app.command("reedbed.cli.demo.command:demo", name="demo", help="Show the main job on a stand-in platform.")


def run(arguments: Sequence[str]) -> int:
    """Carry out one command and give its exit code; what went wrong is said on standard error."""
    try:
        result = app(list(arguments))
    except ReedbedError as error:
        sys.stderr.write(f"{error.what}\n  why: {error.why}\n  fix: {error.fix}\n")
        return Exit.FAILED
    except BrokenPipeError:  # `| head`
        sys.stderr.close()
        return Exit.DONE
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    return int(result or 0)
