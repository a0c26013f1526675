"""Platforms that point to a stand-in, and lines that don't wait long."""

from typing import Any

import msgspec

from jfrog_standin.server import Running
from reedbed.jfrog.session import Patience
from reedbed.model.platform import Platform


def at(standin: Running, **changes: Any) -> Platform:
    """Give the platform that a stand-in is."""
    platform = Platform(
        name="standin",
        url=standin.url,
        ca_file=str(standin.ca_path) if standin.ca_path else None,
        per_second=2_000,
        timeout_s=5.0,
    )
    return msgspec.structs.replace(platform, **changes)


def impatient(attempts: int = 4) -> Patience:
    """Try as often as usual, without the pauses."""
    return Patience(attempts=attempts, first_wait_s=0.001, longest_wait_s=0.01, jitter_s=0.001)
