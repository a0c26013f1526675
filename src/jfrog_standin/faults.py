"""What may go wrong, as data: which requests a fault strikes, and how.

Only the choice is made here; `faulty.py` plays the fault that was chosen.
"""

import random
from fnmatch import fnmatchcase
from typing import Annotated, Literal

import msgspec

from jfrog_standin.settings import MAX_SKEW_S

Kind = Literal[
    "status",
    "slow",
    "hung",
    "drop_before",
    "drop_after",
    "truncated",
    "login_page",
    "redirect",
    "gzip_bomb",
    "endless",
    "silent_drop",
    "clock_skew",
    "extra_fields",
    "missing_fields",
]
"""How a request goes wrong:

status          `status` (default 500) in the service's error shape, `retry_after` seconds if given
slow            the answer comes `delay_ms` late
hung            nothing comes until the client gives up
drop_before     the connection breaks before anything happened
drop_after      the connection breaks after the change was made
truncated       half of the body, with a length that agrees
login_page      an HTML page with 200
redirect        302 to `location`, by default a page that says the instance is asleep
gzip_bomb       a small gzip body that unpacks to `megabytes` (default 1024)
endless         a JSON string that never ends
silent_drop     a write of a custom issue is answered as usual, and forgotten
clock_skew      this answer's Date header is `seconds` ahead
extra_fields    every JSON object of the answer has a field that nobody documented
missing_fields  the `fields` named are absent from every JSON object of the answer
"""


class Params(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What the kinds need; each reads only its own."""

    status: Annotated[int, msgspec.Meta(ge=400, le=599)] = 500
    retry_after: Annotated[int, msgspec.Meta(ge=0)] | None = None  # seconds
    delay_ms: Annotated[int, msgspec.Meta(ge=0)] = 1_000
    location: str = ""
    megabytes: Annotated[int, msgspec.Meta(ge=1)] = 1_024
    seconds: Annotated[float, msgspec.Meta(ge=-MAX_SKEW_S, le=MAX_SKEW_S)] = 0.0
    fields: tuple[str, ...] = ()


class Fault(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A rule: requests that `method` and `path` match go wrong, all of them or a share."""

    kind: Kind
    method: str = "*"
    path: str = "*"  # a glob on the decoded path: "/xray/api/v1/events*"
    share: float = 1.0  # of the matching requests, drawn from a generator seeded with `seed`
    every: int = 1  # of the matching requests, each n-th
    skip: int = 0  # let that many matching requests through first
    count: int | None = None  # strike so many times, then never again
    seed: int = 0
    params: Params = Params()

    def __post_init__(self) -> None:
        if not 0.0 <= self.share <= 1.0:
            raise ValueError("share is between 0 and 1")
        if self.every < 1 or self.skip < 0 or (self.count is not None and self.count < 1):
            raise ValueError("every and count are at least 1, skip at least 0")

    def matches(self, method: str, path: str) -> bool:
        return self.method in {"*", method} and fnmatchcase(path, self.path)


class Active(msgspec.Struct, frozen=True, kw_only=True):
    """A fault in force, with what it has done so far."""

    id: int
    fault: Fault
    seen: int
    struck: int


class _Rule:
    """One fault's counters and random draws."""

    def __init__(self, number: int, fault: Fault) -> None:
        self.number = number
        self.fault = fault
        self.seen = 0
        self.struck = 0
        self._random = random.Random(fault.seed)  # noqa: S311 - repeatable on purpose

    def strikes(self, method: str, path: str) -> bool:
        if not self.fault.matches(method, path):
            return False
        self.seen += 1
        drawn = self._random.random() < self.fault.share
        struck = drawn and self._is_due()
        self.struck += struck
        return struck

    def _is_due(self) -> bool:
        after_skip = self.seen - self.fault.skip
        used_up = self.fault.count is not None and self.struck >= self.fault.count
        return after_skip > 0 and after_skip % self.fault.every == 0 and not used_up


class FaultTable:
    """The faults in force; the first that strikes a request decides, so a request has one at most."""

    def __init__(self) -> None:
        self._rules: dict[int, _Rule] = {}
        self._next = 1

    def add(self, fault: Fault) -> int:
        """Put a fault in force; the number is for taking it away."""
        number = self._next
        self._next += 1
        self._rules[number] = _Rule(number, fault)
        return number

    def remove(self, number: int) -> bool:
        return self._rules.pop(number, None) is not None

    def clear(self) -> None:
        self._rules.clear()

    def active(self) -> list[Active]:
        return [
            Active(id=rule.number, fault=rule.fault, seen=rule.seen, struck=rule.struck)
            for rule in self._rules.values()
        ]

    def strike(self, method: str, path: str) -> Fault | None:
        """Choose the fault for one request, and count it."""
        for rule in self._rules.values():
            if rule.strikes(method, path):
                return rule.fault
        return None
