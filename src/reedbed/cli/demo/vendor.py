"""The scene in which somebody who ran SafeDep's daemon starts it as ever, under another name."""

import re
from collections.abc import Mapping
from pathlib import Path

from jfrog_standin.server import Running
from reedbed.cli import show
from reedbed.cli.demo.cast import Cast, Part
from reedbed.cli.demo.desk import Desk
from reedbed.cli.demo.stage import Stage
from reedbed.cli.exit import Exit
from reedbed.cli.integration import TOKEN_VARIABLE
from safedep_standin.account import KEY, TENANT
from safedep_standin.data_plane import DataPlane
from safedep_standin.server import running

OPENING = [
    "i Validating JFrog connectivity",
    "✓ JFrog connectivity OK (URL + token verified)",
    "i Starting JFrog feed poller (interval: 1s)",
]
LOGIN = ("auth", "login", "--tenant", TENANT, "--api-key")
SETTINGS = """\
[log]
level = "error"
[health]
listen = ""
[[feeds]]
kind = "safedep"
name = "safedep"
source = "{url}"
allow_plain_http = true
"""


async def vendors_command_line(stage: Stage, platform: Running, cast: Cast, home: Path) -> None:
    """Log in, run the daemon, see it block, and free what SafeDep takes back."""
    stage.scene("The vendor's command line", "as SafeDep's daemon was run; only the name is new")
    async with running() as safedep:
        _report(safedep.data_plane, cast.reported, minutes=-9)
        _report(safedep.data_plane, cast.recalled, minutes=-8)
        desk = Desk(home / "vendor", SETTINGS.format(url=safedep.url), _exported(platform))
        await stage.is_served(cast.reported, cast.reported.flagged, "SafeDep knows it, Xray does not yet")
        show.line(f"[dim]reedbed.toml there names the stand-in of SafeDep, {safedep.url}, as the feed[/]")
        logged_in = await desk.reedbed(*LOGIN, said=KEY, from_file="key.txt")
        stage.claim("the API key is kept, encrypted", holds=logged_in == Exit.DONE)
        await _daemon(stage, desk, platform, cast, safedep.data_plane)


async def _daemon(stage: Stage, desk: Desk, platform: Running, cast: Cast, feed: DataPlane) -> None:
    _show_exports(desk.variables)
    run = ("integration", "jfrog", "run", "--instance-url", platform.url, "--poll-interval", "1s")
    async with desk.heard(*run) as daemon:
        await daemon.until("Poll cycle complete")
        stage.claim("the lines are those of the vendor's page", holds=_as_on_the_page(daemon.lines, cast))
        await stage.is_refused(cast.reported)
        _report(feed, cast.recalled, minutes=-1, withdrawn=True)
        show.line(f"[dim]SafeDep takes its report on {show.safe(cast.recalled.name)} back[/]")
        await daemon.until("Withdrawn")
        await stage.is_served(cast.recalled, cast.recalled.flagged, "taken back")
        stage.claim("the daemon ends in order when it is asked to", holds=await daemon.leave() == Exit.DONE)


def _exported(platform: Running) -> dict[str, str]:
    return {TOKEN_VARIABLE: platform.admin_token, "SSL_CERT_FILE": str(platform.ca_path)}


def _show_exports(variables: Mapping[str, str]) -> None:
    for name, value in variables.items():
        shown = "…" if name == TOKEN_VARIABLE else show.safe(value)
        show.line(f"[dim]$ export {name}={shown}[/]")


def _report(feed: DataPlane, part: Part, *, minutes: float, withdrawn: bool | None = None) -> None:
    package = {"purl": f"pkg:npm/{part.name}", "name": part.name, "versions": [part.flagged]}
    feed.report(part.name, part.name, minutes=minutes, package=package, withdrawn=withdrawn)


def _as_on_the_page(lines: list[str], cast: Cast) -> bool:
    """Compare with the output on the page of SafeDep's integration; packages may come in any order."""
    pushed = {f"✓ Pushed: {part.name}@{part.flagged} (npm)" for part in (cast.reported, cast.recalled)}
    answered = [line for line in lines if re.fullmatch(r"i   JFrog: \S+ \[201\]", line)]
    return (
        lines[:3] == OPENING
        and pushed <= set(lines)
        and len(answered) == len(pushed)
        and lines[-1] == "i Poll cycle complete, next in 1s"
    )
