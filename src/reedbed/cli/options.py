"""Options that commands share."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from reedbed.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reedbed.settings import Settings

AsJson = Annotated[bool, Parameter(name="--json", negative="")]
"""Print one JSON value instead of text for people."""


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Common:
    """Where the settings come from."""

    config: Path | None = None
    """The settings file (TOML)."""

    set: Annotated[tuple[str, ...], Parameter(negative="")] = ()
    """One setting, as `intel.max_blocks=100`; may be repeated. Beats variables and file."""

    def load(self, defaults: "Mapping[str, str] | None" = None) -> "Settings":
        """Read the settings, over a command's own defaults if it has any, and set up the log accordingly.

        Raises:
            SettingsError: a name is unknown or a value is wrong.
        """
        from reedbed import log
        from reedbed.settings import load

        settings = load(self.config, flags=dict(map(_pair, self.set)), defaults=defaults)
        json = {"auto": None, "human": False, "json": True}[settings.log.format]
        log.configure(settings.log.level, json=json)
        return settings


def _pair(text: str) -> tuple[str, str]:
    path, equals, value = text.partition("=")
    if not equals:
        raise SettingsError(
            f"--set {text} names no value",
            why="there is no = in it.",
            fix="Write --set intel.max_blocks=100.",
        )
    return path.strip(), value
