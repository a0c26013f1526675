"""What can go wrong, grouped by what the catcher does next.

    ReedbedError
    ├── SettingsError   a setting or an argument is missing or wrong   mend it, start again
    ├── Unreachable     no answer, or 429, or 5xx                      the caller may try again
    ├── Refused         the answer was no: any other 4xx               a person must change something there
    └── Unreadable      the answer is not as documented                their release changed, or ours is wrong

Any other exception is a bug and shows its traceback.
"""


class ReedbedError(Exception):
    """Says what happened, why, and what to do; every edge shows these three."""

    def __init__(self, what: str, *, why: str, fix: str) -> None:
        super().__init__(what)
        self.what = what
        self.why = why
        self.fix = fix

    def __str__(self) -> str:
        return f"{self.what}: {self.why}"


class SettingsError(ReedbedError):
    """A setting or an argument is missing or wrong."""


class Unreachable(ReedbedError):
    """Nobody answered in time, or the answer was 429 or 5xx: the same call may work later."""

    def __init__(self, what: str, *, why: str, fix: str, retry_after_s: float | None = None) -> None:
        super().__init__(what, why=why, fix=fix)
        self.retry_after_s = retry_after_s


class Refused(ReedbedError):
    """The other side understood and said no; asking again will not help."""

    def __init__(self, what: str, *, why: str, fix: str, status: int | None = None) -> None:
        super().__init__(what, why=why, fix=fix)
        self.status = status


class Unreadable(ReedbedError):
    """The answer, or a file, is not in the form that its documentation gives."""
