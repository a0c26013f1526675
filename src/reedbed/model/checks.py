"""The checks of a test: what was looked at, what was seen, and what to do."""

from enum import StrEnum

import msgspec


class Outcome(StrEnum):
    """What one check came to."""

    PASSED = "passed"
    WARNED = "warned"  # it works, and a person should know something
    FAILED = "failed"
    SKIPPED = "skipped"  # what it needs has failed


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One check of a test, and what came of it."""

    name: str
    outcome: Outcome
    evidence: str  # what was seen, in one line without secrets
    code: str = ""
    fix: str = ""
    duration_s: float = 0.0
