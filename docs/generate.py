"""Write the reference pages that are made from the code: `make docs`. A test holds them against it."""

from collections.abc import Callable
from pathlib import Path

from reedbed.cli.app import app
from reedbed.cli.exit import Exit
from reedbed.inventory.connection.reference import reference_page as connections_page
from reedbed.inventory.transform.reference import reference_page as maps_page
from reedbed.metrics import reference_page as metrics_page
from reedbed.model.query.reference import reference_page as tokens_page
from reedbed.settings import CONFIG_VARIABLE, SECRET_VARIABLES, VENDOR_VARIABLES, documented

DOCS = Path(__file__).parent


def settings_page() -> str:
    rows = "\n".join(
        f"| `{d.path}` | `{d.variable}` | {d.type} | `{d.default}` | {d.meaning} |" for d in documented()
    )
    secrets = "\n".join(f"| `{name}` | {meaning} |" for name, meaning in SECRET_VARIABLES.items())
    vendor = "\n".join(f"| `{name}` | {meaning} |" for name, meaning in VENDOR_VARIABLES.items())
    return f"""# Settings

Made from `src/reedbed/settings.py`; change it there and run `make docs`.

A flag (`--set intel.max_blocks=100`) beats a variable, a variable beats the file, the file beats the default.
The file is TOML: `--config FILE`, else `{CONFIG_VARIABLE}`, else `reedbed.toml` in the system's folder for
configuration. `[intel]` holds what the table calls `intel.…`. Lists in variables and flags are JSON or
comma-separated.

| setting | variable | type | default | meaning |
|---|---|---|---|---|
{rows}

Secrets are never settings. These variables are read once, where they are needed:

| variable | meaning |
|---|---|
{secrets}

These are of SafeDep's own daemon, and mean here what they mean there:

| variable | meaning |
|---|---|
{vendor}
"""


def cli_page() -> str:
    codes = "\n".join(f"| {code.value} | {code.meaning} |" for code in Exit)
    commands = app.generate_docs(output_format="markdown", recursive=True)
    return f"""# Commands

Made from `src/reedbed/cli/`; change it there and run `make docs`.

Results go to standard output, everything else to standard error. `--json` prints one JSON value (or, where it
says so, one a line). Exit codes mean the same everywhere:

| code | meaning |
|---|---|
{codes}

{commands.strip()}
"""


PAGES: dict[str, Callable[[], str]] = {
    "metrics.md": metrics_page,
    "reference/cli.md": cli_page,
    "reference/connections.md": connections_page,
    "reference/settings.md": settings_page,
    "reference/tokens.md": tokens_page,
    "reference/transform-maps.md": maps_page,
}


def write() -> None:
    for name, page in PAGES.items():
        (DOCS / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    write()
