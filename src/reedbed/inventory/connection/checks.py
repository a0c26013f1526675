"""The test of a connection: the seed's five checks by name, then what else a person should know. Acts.

Network Reachability            is there a way, past the proxy if there is one?
TLS Handshake                   does the certificate hold?
Authentication Credential Check is it a token, does Artifactory take it, how long yet?
Authorization Scope Check       may it ask what each selected stream asks?
Data Fetch                      one repository, one image, its manifest, and what Xray says of it

Versions, Xray Indexing, Clock Skew, Retention, Least Privilege and a Permission for each stream come after
these; they warn, and never keep a connection from being enabled. Nothing is written anywhere in JFrog.
"""

import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from functools import partial

from reedbed.errors import ReedbedError
from reedbed.inventory.connection import sampling, surroundings
from reedbed.inventory.connection.codes import code_of, fix_of
from reedbed.inventory.connection.probes import NEEDS
from reedbed.jfrog.causes import FIX, Cause, Failure
from reedbed.jfrog.check import Seen, artifactory_takes, lifetime, not_meant_for, token_form
from reedbed.jfrog.exchange import Answer
from reedbed.jfrog.handshake import reach, shake_hands
from reedbed.jfrog.session import JFrog, Patience, connect
from reedbed.jfrog.token import XRAY
from reedbed.model.inventory import Stream
from reedbed.model.platform import Platform
from reedbed.model.text import one_line
from reedbed.store.inventory.connections import Check, Outcome

NETWORK, TLS = "Network Reachability", "TLS Handshake"
CREDENTIAL, AUTHORISATION = "Authentication Credential Check", "Authorization Scope Check"
DATA = "Data Fetch"
FIVE = (NETWORK, TLS, CREDENTIAL, AUTHORISATION, DATA)
CERTIFICATE_WARNING = timedelta(days=30)


def passed(checks: Sequence[Check]) -> bool:
    """Whether the five checks let a connection be enabled; a warning does."""
    fine = {each.name for each in checks if each.outcome in (Outcome.PASSED, Outcome.WARNED)}
    return fine.issuperset(FIVE)


def blocking(checks: Sequence[Check]) -> list[Check]:
    """Give those of the five that failed; what could not be made for that is not among them."""
    return [each for each in checks if each.name in FIVE and each.outcome is Outcome.FAILED]


async def check(
    platform: Platform,
    token: str,
    streams: Sequence[Stream],
    *,
    now: Callable[[], datetime],
    rotate: str = "reedbed platform rotate",
    patience: Patience = Patience(attempts=2),  # noqa: B008 - a frozen value
) -> list[Check]:
    """Test what a connection would read. Never raises for what it tests; makes about fifteen requests.

    `rotate` is the command that replaces the token, for the advice.
    """
    test = _Test(rotate)
    await test.run(NETWORK, (), lambda: _network(platform))
    await test.run(TLS, (NETWORK,), lambda: _tls(platform, now()))
    form = await token_form(token, now())
    if form.code == "token-unusable":
        test.add(CREDENTIAL, form)
        return test.all_of(streams)
    try:
        async with connect(platform, token, patience=patience) as jfrog:
            await _ask(test, jfrog, form, streams, now)
    except ReedbedError as error:  # the CA file
        test.add(TLS, Seen(error.why, "TLS_CA_FILE", error.fix))
    return test.all_of(streams)


async def _ask(
    test: "_Test", jfrog: JFrog, form: Seen, streams: Sequence[Stream], now: Callable[[], datetime]
) -> None:
    await test.run(CREDENTIAL, (TLS,), lambda: _credential(jfrog, form, now()))
    if not test.passed(CREDENTIAL):
        return
    for stream in streams:
        await test.run(permission(stream), (), partial(_permission, jfrog, stream))
    await test.run(AUTHORISATION, (CREDENTIAL,), lambda: _authorisation(test, streams))
    await test.run(DATA, (AUTHORISATION,), lambda: sampling.sample(jfrog, streams))
    for name, look in surroundings.LOOKS.items():
        await test.run(name, (), partial(look, jfrog, streams, now()))


def permission(stream: Stream) -> str:
    return f"Permission: {stream}"


class _Test:
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

    def all_of(self, streams: Sequence[Stream]) -> list[Check]:
        """Give all checks in order; those that could not be made are skipped."""
        names = (*FIVE, *surroundings.LOOKS, *map(permission, streams))
        because = "what it needs has failed"
        return [
            self._made.get(name) or Check(name=name, outcome=Outcome.SKIPPED, evidence=because)
            for name in names
        ]


async def _network(platform: Platform) -> Seen:
    found = await reach(platform)
    if isinstance(found, Failure):
        return _failed(found)
    to = "the proxy" if found.proxy else platform.url.partition("://")[2]
    return Seen(f"{to} is at {found.address}; connected in {found.took_s * 1_000:.1f} ms")


async def _tls(platform: Platform, now: datetime) -> Seen:
    if platform.url.startswith("http://"):
        return Seen("not used: plain http to this machine itself")
    if platform.proxy is not None:
        return Seen("spoken through the proxy; what it says is seen by the next check")
    found = await shake_hands(platform)
    if isinstance(found, Failure):
        return _failed(found)
    if found.expires_at is None:
        return Seen(f"{found.version}; signed by {found.issuer}")
    days = (found.expires_at - now) / timedelta(days=1)
    evidence = f"{found.version}; signed by {found.issuer}; the certificate ends in {days:.0f} days"
    if found.expires_at - now < CERTIFICATE_WARNING:
        return Seen(evidence, "TLS_EXPIRES_SOON", "Renew the certificate of the JFrog host.", fails=False)
    return Seen(evidence)


async def _credential(jfrog: JFrog, form: Seen, now: datetime) -> Seen:
    """Ask Artifactory something that nobody may know without credentials."""
    if form.code == "api-key":
        return form
    taken = await artifactory_takes(jfrog, now)
    if taken.fix:
        return Seen(taken.evidence, taken.code, taken.fix)
    ends = await lifetime(jfrog, now)
    return Seen(f"{form.evidence}; {taken.evidence}; {ends.evidence}", ends.code, ends.fix, fails=ends.fails)


async def _permission(jfrog: JFrog, stream: Stream) -> Seen:
    need = NEEDS[stream]
    outcome = await need.ask(jfrog)
    if isinstance(outcome, Answer):
        return Seen(f"has {need.permission}")
    if need.of_xray and outcome.cause in (Cause.NOT_FOUND, Cause.LOGIN_PAGE):
        fix = "Check that Xray runs on this platform, and that its URL is the platform's own (not port 8081)."
        return Seen(f"Artifactory is there, Xray is not: {outcome.seen}", "XRAY_ABSENT", fix)
    if need.of_xray and outcome.cause is Cause.UNAUTHORISED:  # Artifactory took the same token
        return not_meant_for("Xray", XRAY, jfrog.facts, outcome)
    return _failed(outcome, needs=need.permission)


async def _authorisation(test: _Test, streams: Sequence[Stream]) -> Seen:
    """Sum up the streams' permissions: one that is missing keeps the connection a draft."""
    missing = [each for each in map(test.made, map(permission, streams)) if each.outcome is Outcome.FAILED]
    if not missing:
        return Seen(f"the token may read all that is selected: {', '.join(streams)}")
    first = missing[0]
    evidence = "; ".join(f"{each.name.partition(': ')[2]}: {each.evidence}" for each in missing)
    fix = f"{first.fix} Or leave the stream out, with --stream."
    return Seen(evidence, first.code, fix)


def _failed(failure: Failure, *, needs: str = "permission for that") -> Seen:
    return Seen(failure.seen, failure.cause, FIX[failure.cause].format(needs=needs))
