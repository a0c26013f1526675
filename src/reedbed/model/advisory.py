"""What feeds say: that a package, or some versions of it, is malicious."""

from datetime import datetime
from enum import StrEnum

import msgspec

from reedbed.model.purl import Purl
from reedbed.model.versions import Versions

LONGEST_SUMMARY = 300


class Verdict(StrEnum):
    MALICIOUS = "malicious"
    SUSPICIOUS = "suspicious"


class Confidence(StrEnum):
    HUMAN_VERIFIED = "human-verified"
    AUTOMATED = "automated"


class Advisory(msgspec.Struct, frozen=True, kw_only=True):
    """A feed's statement about one package.

    `feed` and `id` together name the record for ever; a later statement under the same two replaces this one.
    """

    feed: str  # the operator's name for the feed: "osv"
    id: str  # the feed's own: "MAL-2026-2307"
    package: Purl
    spelling: str  # the package's name as the feed wrote it
    versions: Versions
    summary: str  # one line of plain text
    url: str | None  # where a person can read more
    modified: datetime  # UTC; when the feed says that it last changed the record
    verdict: Verdict = Verdict.MALICIOUS
    confidence: Confidence = Confidence.HUMAN_VERIFIED
    notes: tuple[str, ...] = ()  # what of the record was dropped, and why


class Standing(msgspec.Struct, frozen=True):
    """The newest usable statement of one record about a package, and whether its feed took it back."""

    advisory: Advisory
    withdrawn: bool = False


class Withdrawal(msgspec.Struct, frozen=True, kw_only=True):
    """A feed takes a record back, whatever packages the record named."""

    feed: str
    id: str
    modified: datetime


class Unusable(msgspec.Struct, frozen=True, kw_only=True):
    """A record that says nothing we could act on. It is kept and listed, so nothing drops out in silence."""

    feed: str
    id: str  # the feed's own where it has one, else the name of the file
    reason: str


Statement = Advisory | Withdrawal | Unusable
