"""The settings of what is kept of what JFrog said. Apart, because every command reads settings."""

from typing import Annotated

import msgspec
from msgspec import Meta


class Keep(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much is kept of what JFrog said."""

    landed_mb: Annotated[
        int,
        Meta(
            ge=0,
            description="MB of landed records, packed, of one connection. Above it the versions before "
            "are dropped, the oldest first; the newest always stay.",
        ),
    ] = 4_000
