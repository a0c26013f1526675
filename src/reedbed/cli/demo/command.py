"""`reedbed demo`: the main job from end to end, on a stand-in platform, with the real npm, pip and go."""

import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from reedbed.cli.exit import Exit


async def demo(*, once: Annotated[bool, Parameter(negative="")] = False, records: Path | None = None) -> int:
    """Show both jobs on stand-in platforms: block, prove it, survive a kill; then read, ask, mend, export.

    Parameters
    ----------
    once
        End after the show, instead of leaving the platform up to play with.
    records
        Folder of real OSV records; none: records made up in the same shapes.
    """
    from jfrog_standin.server import running
    from jfrog_standin.settings import StandIn
    from reedbed.cli.demo.cast import prepare
    from reedbed.cli.demo.play import Play
    from reedbed.cli.demo.pond import SEED, Pond
    from reedbed.cli.demo.stage import Stage
    from reedbed.errors import ReedbedError

    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="reedbed-demo-") as temporary:
        home = Path(temporary)
        async with running() as platform, running(StandIn(seeded=SEED)) as grown:
            cast, folder = prepare(platform, home, records)
            stage = Stage(platform, home)
            play = Play(stage, platform, home, cast, folder)
            try:
                await play.all()
                await Pond(stage, play.desk, grown, home).all()
            except (ReedbedError, OSError, ImportError) as error:
                stage.claim(f"the show went on to its end: {str(error) or 'it took too long'}", holds=False)
            stage.summary(time.monotonic() - began)
            if not once and sys.stdin.isatty():
                await play.stay()
    return Exit.DONE if stage.held else Exit.NOT_PROVED
