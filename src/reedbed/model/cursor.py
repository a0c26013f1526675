"""How far a feed has been read."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

BASIS = "basis"
"""The validator that names what a cursor is a cursor of: with another source or reading, all is read anew."""


class Cursor(msgspec.Struct, frozen=True, kw_only=True):
    """How far one scope of a feed has been read. Worth saving only once all before it is in the store."""

    watermark: datetime | None = None  # UTC; the newest `modified` that was read
    validators: Mapping[str, str] = {}  # the source's own marks: an ETag, a commit, a size and time

    def behind(self, other: "Cursor") -> bool:
        """Whether `other` has read further of the same; one of another basis is neither behind nor ahead."""
        same = self.validators.get(BASIS) == other.validators.get(BASIS)
        return same and bool(self.watermark and other.watermark and self.watermark < other.watermark)
