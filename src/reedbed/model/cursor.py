"""How far a feed has been read."""

from collections.abc import Mapping
from datetime import datetime

import msgspec


class Cursor(msgspec.Struct, frozen=True, kw_only=True):
    """How far one scope of a feed has been read. Worth saving only once all before it is in the store."""

    watermark: datetime | None = None  # UTC; the newest `modified` that was read
    validators: Mapping[str, str] = {}  # the source's own marks: an ETag, a commit, a size and time
