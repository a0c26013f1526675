"""A test as a list of checks, and those with which every test of an address and a token begins."""

import time
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime, timedelta

from reedbed.errors import ReedbedError
from reedbed.jfrog.causes import FIX, Failure
from reedbed.jfrog.check import Seen, artifactory_takes, lifetime
from reedbed.jfrog.codes import code_of, fix_of
from reedbed.jfrog.handshake import reach, shake_hands
from reedbed.jfrog.session import JFrog
from reedbed.model.checks import Check, Outcome
from reedbed.model.platform import Platform
from reedbed.model.text import one_line

CERTIFICATE_WARNING = timedelta(days=30)


class Checklist:
    """The checks made so far."""

    def __init__(self, rotate: str) -> None:
        self._rotate = rotate
        self._made: dict[str, Check] = {}

    async def run(self, name: str, needs: tuple[str, ...], look: Callable[[], Awaitable[Seen]]) -> None:
        if not all(self.passed(need) for need in needs):
            return
        began = time.perf_counter()
        try:
            seen = await look()
        except ReedbedError as error:
            seen = Seen(error.why, code_of(error), error.fix)
        self.add(name, seen, duration_s=time.perf_counter() - began)

    def add(self, name: str, seen: Seen, *, duration_s: float = 0.0) -> None:
        code = code_of(seen.code)
        failed = bool(seen.fix) and seen.fails
        self._made[name] = Check(
            name=name,
            outcome=Outcome.FAILED if failed else Outcome.WARNED if code else Outcome.PASSED,
            evidence=one_line(seen.evidence, limit=500),
            code=code,
            fix=fix_of(code, seen.fix, rotate=self._rotate),
            duration_s=round(duration_s, 4),
        )

    def passed(self, name: str) -> bool:
        return name in self._made and self._made[name].outcome is not Outcome.FAILED

    def made(self, name: str) -> Check:
        return self._made[name]

    def in_order(self, names: Iterable[str]) -> list[Check]:
        """Give checks by these names; those that could not be made are skipped."""
        because = "what it needs has failed"
        return [
            self._made.get(name) or Check(name=name, outcome=Outcome.SKIPPED, evidence=because)
            for name in names
        ]


async def network(platform: Platform) -> Seen:
    found = await reach(platform)
    if isinstance(found, Failure):
        return failed(found)
    to = "the proxy" if found.proxy else platform.url.partition("://")[2]
    return Seen(f"{to} is at {found.address}; connected in {found.took_s * 1_000:.1f} ms")


async def tls(platform: Platform, now: datetime) -> Seen:
    if platform.url.startswith("http://"):
        return Seen("not used: plain http to this machine itself")
    if platform.proxy is not None:
        return Seen("spoken through the proxy; what it says is seen by the next check")
    found = await shake_hands(platform)
    if isinstance(found, Failure):
        return failed(found)
    if found.expires_at is None:
        return Seen(f"{found.version}; signed by {found.issuer}")
    days = (found.expires_at - now) / timedelta(days=1)
    evidence = f"{found.version}; signed by {found.issuer}; the certificate ends in {days:.0f} days"
    if found.expires_at - now < CERTIFICATE_WARNING:
        return Seen(evidence, "TLS_EXPIRES_SOON", "Renew the certificate of the JFrog host.", fails=False)
    return Seen(evidence)


async def credential(jfrog: JFrog, form: Seen, now: datetime) -> Seen:
    """Ask Artifactory something that nobody may know without credentials."""
    if form.code == "api-key":
        return form
    taken = await artifactory_takes(jfrog, now)
    if taken.fix:
        return Seen(taken.evidence, taken.code, taken.fix)
    ends = await lifetime(jfrog, now)
    return Seen(f"{form.evidence}; {taken.evidence}; {ends.evidence}", ends.code, ends.fix, fails=ends.fails)


def failed(failure: Failure, *, needs: str = "permission for that") -> Seen:
    return Seen(failure.seen, failure.cause, FIX[failure.cause].format(needs=needs))
