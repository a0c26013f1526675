"""`reedbed connection test|list|show`: what there is, and what works."""

import msgspec

from reedbed.cli import show
from reedbed.cli.connection.shown import show_checks
from reedbed.cli.exit import Exit
from reedbed.cli.options import AsJson, Common


async def check_one(name: str, *, json: AsJson = False, common: Common | None = None) -> int:
    """Find out what of a connection works and what does not, each with what to do.

    Parameters
    ----------
    name
        The connection.
    json
        Print the connection and its checks as one JSON value.
    """
    from reedbed.wiring import opened

    async with opened((common or Common()).load()) as parts:
        tested = await parts.connections.test(name)
    if json:
        show.json(msgspec.structs.asdict(tested))
    else:
        show_checks(tested.checks)
    if not tested.passed:
        return Exit.FAILED
    if tested.connection.state == "draft":
        show.err.print(f"The five checks have passed: `reedbed connection enable {name}` lets it run.")
    return Exit.DONE
