"""What `reedbed sync run --dry-run` shows."""

from reedbed.cli import show
from reedbed.cli.exit import Exit
from reedbed.inventory.run.context import Mode
from reedbed.inventory.run.forecast import Forecast
from reedbed.inventory.run.starting import foretell
from reedbed.wiring.lines import line_of
from reedbed.wiring.parts import Parts


async def dry_run(parts: Parts, connection: str, mode: Mode, *, json: bool) -> Exit:
    """List what a run would list, and show what it would come to.

    Raises:
        SettingsError, Unreachable, Refused, Unreadable: as `foretell`.
    """
    async with line_of(parts, connection) as jfrog:
        forecast = await foretell(jfrog, parts.db, connection, mode=mode)
    if json:
        show.json(forecast)
        return Exit.DONE
    show.table(["what a run would meet", ""], _rows(forecast))
    show.line("Nothing was read or kept.")
    return Exit.DONE


def _rows(forecast: Forecast) -> list[tuple[str, str]]:
    gone = "not looked for in this mode" if forecast.gone is None else f"{forecast.gone:,}"
    minutes, seconds = divmod(round(forecast.seconds), 60)
    return [
        ("mode", forecast.mode),
        ("repositories", f"{forecast.repositories:,}"),
        ("tags and digests", f"{forecast.listed:,}, of which filters leave out {forecast.left_out:,}"),
        ("tags that moved", f"{forecast.moved:,}"),
        ("tags that are gone", gone),
        ("new images", f"{forecast.new:,}"),
        ("images to ask Xray of", f"{forecast.to_read:,} or more"),
        ("requests, about", f"{forecast.requests:,}"),
        ("time, about", f"{minutes} min {seconds} s" if minutes else f"{seconds} s"),
    ]
