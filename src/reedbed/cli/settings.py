"""`reedbed settings`: every setting and its value."""

from typing import Any

import msgspec

from reedbed.cli import show
from reedbed.cli.exit import Exit
from reedbed.cli.options import AsJson, Common


def settings(*, json: AsJson = False, common: Common | None = None) -> int:
    """Show every setting and its value.

    Parameters
    ----------
    json
        Print one JSON value.
    """
    from reedbed.settings import documented

    loaded = (common or Common()).load()
    values = {each.path: _shown(msgspec.to_builtins(_at(loaded, each.path))) for each in documented()}
    if json:
        show.json(values)
        return Exit.DONE
    rows = [(each.path, _brief(values[each.path]), each.variable, each.meaning) for each in documented()]
    show.table(["setting", "value", "variable", "meaning"], rows)
    return Exit.DONE


def _at(loaded: Any, path: str) -> Any:
    for name in path.split("."):
        loaded = getattr(loaded, name)
    return loaded


def _brief(value: Any) -> Any:
    """Show a list by its items, a feed by its name, and yes or no as a settings file has them."""
    if isinstance(value, list):
        return ", ".join(each["name"] if isinstance(each, dict) else str(each) for each in value)
    return str(value).lower() if isinstance(value, bool) else value


def _shown(value: Any) -> Any:
    """Take user and password out of URLs, wherever they stand."""
    if isinstance(value, dict):
        return {name: _shown(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_shown(each) for each in value]
    if isinstance(value, str) and "://" in value:
        scheme, _, rest = value.partition("://")
        return f"{scheme}://{rest.rpartition('@')[2]}"
    return value
