"""The text in which properties are sent: `k=v;k2=v2,v3`, a backslash before a sign that is meant. Pure."""

import re
from collections.abc import Mapping

from jfrog_standin.artifactory.storage import Properties

PAIRS = re.compile(r"(?:\\.|[^;|\\])+")
VALUES = re.compile(r"(?:\\.|[^,\\])+")
FORBIDDEN = re.compile(r"[)(}{\]\[*+^$/~`!@#%&<>;=,±§\s]")
"""Signs that Artifactory refuses in the name of a property."""


def read_properties(text: str) -> Properties:
    """Read `k=v;k2=v2,v3`.

    Raises:
        ValueError: a name is missing or has a sign that names can't have.
    """
    read: dict[str, tuple[str, ...]] = {}
    for pair in PAIRS.findall(text):
        name, _, values = pair.partition("=")
        given = tuple(_plain(value) for value in VALUES.findall(values)) or ("",)
        read[checked_name(_plain(name.strip()))] = (*read.get(name, ()), *given)
    return read


def checked_name(name: str) -> str:
    """The name of a property.

    Raises:
        ValueError: it is empty or has a sign that names can't have.
    """
    if not name or FORBIDDEN.search(name):
        raise ValueError(f"Property key is not valid: {name!r}")
    return name


def merged(old: Properties, new: Mapping[str, tuple[str, ...] | None]) -> Properties:
    """The old properties with the new ones in their place; None takes one away."""
    kept = {name: values for name, values in old.items() if name not in new}
    return kept | {name: values for name, values in new.items() if values is not None}


def _plain(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)
