"""What exit codes mean, the same for every command."""

from enum import IntEnum
from typing import Self


class Exit(IntEnum):
    meaning: str

    def __new__(cls, code: int, meaning: str) -> Self:
        member = int.__new__(cls, code)
        member._value_ = code
        member.meaning = meaning
        return member

    DONE = 0, "done"
    FAILED = 1, "failed, and said why"
    USAGE = 2, "the command line is wrong"
    PARTLY = 3, "some of it failed; it stays in the outbox and is tried again"
    HELD = 4, "done but for what waits for a person"
    NOT_PROVED = 5, "not proved: it does not block, or is not as the ledger says"
    FOUND = 6, "found: somewhere there is what is flagged"
    INTERRUPTED = 130, "interrupted"
