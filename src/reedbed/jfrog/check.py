"""The platform test: a list of named checks that tell apart why a platform can't be used, by what they see.

address, token          without asking anybody
reach                   is it there, does its certificate hold, is it Artifactory?
artifactory             does it take the token?
token-lifetime          how long yet?
xray                    is there an Xray?
xray-token              does Xray take the token, and may it read?
xray-write              may it write, does Xray keep what is written? Nothing is left behind
"""

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec

from reedbed.errors import ReedbedError, Refused
from reedbed.jfrog.access import token_facts
from reedbed.jfrog.address import platform_url
from reedbed.jfrog.causes import FIX, Cause, Failure
from reedbed.jfrog.custom_issue import Component, CustomIssue, IssueSource, IssueStyle
from reedbed.jfrog.exchange import Answer, Call
from reedbed.jfrog.session import JFrog, Patience, connect
from reedbed.jfrog.token import ARTIFACTORY, XRAY, Kind, TokenFacts, check_token, read_token
from reedbed.jfrog.wire import Version
from reedbed.jfrog.xray import WRITE, Proof, Xray
from reedbed.model.platform import Platform
from reedbed.model.text import one_line

Status = Literal["ok", "failed", "skipped"]
EXPIRY_WARNING = timedelta(days=30)

PROBE_ID = "RB-CHECK-WRITE-PERMISSION"
"""Always the same, so that a test after one that was killed clears away what that one left."""


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One check and what came of it."""

    name: str
    status: Status
    evidence: str  # what was seen, in one line
    code: str = ""  # a stable word for the cause; on "ok" a warning
    fix: str = ""
    duration_ms: float = 0.0


class Seen(msgspec.Struct, frozen=True):
    """What a check saw: without a fix all is well; with `fails` False it is a warning."""

    evidence: str
    code: str = ""
    fix: str = ""
    fails: bool = True


async def check(
    platform: Platform,
    token: str,
    *,
    now: Callable[[], datetime],
    style: IssueStyle = IssueStyle(),  # noqa: B008 - a frozen value
    patience: Patience = Patience(attempts=2),  # noqa: B008 - a frozen value
) -> list[Check]:
    """Test a platform from its address to the permission to write. Never raises for what it tests.

    Makes about ten requests. The only change it makes, a custom issue about a package that cannot exist,
    is taken back whatever happens, cancelling included.
    """
    test = _Test(now, style)
    await test.run("address", (), lambda: _address(platform))
    await test.run("token", (), lambda: token_form(token, now()))
    if not test.passed("address") or _is_unsendable(token):
        return test.skip_rest("the address or the token can't be used")
    try:
        async with connect(platform, token, patience=patience) as jfrog:
            await test.remotely(jfrog)
    except ReedbedError as error:  # the CA file
        test.add("reach", Seen(error.why, "settings", error.fix))
    return test.skip_rest("what it needs has failed")


NAMES = ("address", "token", "reach", "artifactory", "token-lifetime", "xray", "xray-token", "xray-write")


class _Test:
    """The checks made so far."""

    def __init__(self, now: Callable[[], datetime], style: IssueStyle) -> None:
        self._now = now
        self._style = style
        self._made: dict[str, Check] = {}

    async def remotely(self, jfrog: JFrog) -> None:
        await self.run("reach", ("address",), lambda: _reach(jfrog))
        await self.run("artifactory", ("reach",), lambda: artifactory_takes(jfrog, self._now()))
        await self.run("token-lifetime", ("artifactory",), lambda: lifetime(jfrog, self._now()))
        await self.run("xray", ("reach",), lambda: xray_there(jfrog))
        heard = self.passed("artifactory")
        await self.run("xray-token", ("xray",), lambda: xray_takes(jfrog, self._now(), heard=heard))
        await self.run("xray-write", ("xray-token",), lambda: _xray_write(jfrog, self._style))

    async def run(self, name: str, needs: tuple[str, ...], look: Callable[[], Awaitable[Seen]]) -> None:
        if not all(self.passed(need) for need in needs):
            return
        started = time.perf_counter()
        self.add(name, await look(), duration_ms=(time.perf_counter() - started) * 1_000)

    def add(self, name: str, seen: Seen, *, duration_ms: float = 0.0) -> None:
        self._made[name] = Check(
            name=name,
            status="failed" if seen.fix and seen.fails else "ok",
            evidence=one_line(seen.evidence, limit=500),
            code=seen.code,
            fix=seen.fix,
            duration_ms=round(duration_ms, 1),
        )

    def passed(self, name: str) -> bool:
        return name in self._made and self._made[name].status == "ok"

    def skip_rest(self, why: str) -> list[Check]:
        """Give all checks in order; those that were not made are skipped."""
        return [self._made.get(name) or Check(name=name, status="skipped", evidence=why) for name in NAMES]


# Without asking anybody


async def _address(platform: Platform) -> Seen:
    try:
        return Seen(platform_url(platform.url, plain_http_to_loopback=True))
    except ReedbedError as error:
        return Seen(error.why, "address", error.fix)


async def token_form(token: str, now: datetime) -> Seen:
    try:
        check_token(token)
    except ReedbedError as error:
        return Seen(error.why, "token-unusable", error.fix)
    facts = read_token(token)
    if facts.kind is Kind.API_KEY:
        return Seen(
            "this is an API key, which is no bearer token", "api-key", "Make an access token instead."
        )
    if facts.expires_at and facts.expires_at <= now:
        return Seen(
            f"the token says that it expired at {facts.expires_at:%Y-%m-%d %H:%M} UTC",
            Cause.TOKEN_EXPIRED,
            FIX[Cause.TOKEN_EXPIRED],
        )
    return Seen(_described(facts))


def _is_unsendable(token: str) -> bool:
    """Whether the token could not even be a header; an expired one is still worth asking with."""
    try:
        check_token(token)
    except ReedbedError:
        return True
    return False


def _described(facts: TokenFacts) -> str:
    parts = [f"{'an' if facts.kind[0] in 'aA' else 'a'} {facts.kind}"]
    if facts.user:
        parts.append(f"of {facts.user}")
    if facts.audience:
        parts.append(f"for {', '.join(facts.audience)}")
    return " ".join(parts)


# Asking


PING = Call(method="GET", route="/artifactory/api/system/ping", doing="reach Artifactory", reads="text")
_VERSION = Call(method="GET", route="/artifactory/api/system/version", doing="ask Artifactory's version")
_XRAY_VERSION = Call(method="GET", route="/xray/api/v1/system/version", doing="ask Xray's version")
_XRAY_POLICIES = Call(method="GET", route="/xray/api/v2/policies", doing="read from Xray")


async def _reach(jfrog: JFrog) -> Seen:
    """Ping answers `OK` in plain text; a refusal is an answer too, and is looked into by the next check."""
    outcome = await jfrog.outcome(PING)
    if isinstance(outcome, Failure):
        if outcome.cause in {Cause.UNAUTHORISED, Cause.TOKEN_EXPIRED, Cause.FORBIDDEN}:
            return Seen(outcome.seen)
        return _failed(outcome)
    if outcome.body.strip() != b"OK":
        return Seen("what answers is not Artifactory", Cause.NOT_AS_DOCUMENTED, FIX[Cause.NOT_FOUND])
    return Seen(f"{jfrog.platform.url} answers")


async def artifactory_takes(jfrog: JFrog, now: datetime) -> Seen:
    found = await jfrog.try_fetch(_VERSION, Version)
    if not isinstance(found, Failure):
        return Seen(f"Artifactory {found.version or 'of unknown version'} takes the token")
    if found.cause is Cause.UNAUTHORISED and jfrog.facts.meant_for(ARTIFACTORY) is False:
        return _for_xray_alone(jfrog.facts, found)
    return _failed(_or_expired(found, jfrog.facts, now))


def _for_xray_alone(facts: TokenFacts, found: Failure) -> Seen:
    """A token for Xray alone can push; only what asks Artifactory (who uses it? the proof) cannot be done."""
    seen = not_meant_for("Artifactory", ARTIFACTORY, facts, found)
    fix = f"{seen.fix} Or set intel.ask_in_use = false: then intervals block without asking who uses them."
    return Seen(seen.evidence, seen.code, fix, fails=False)


async def lifetime(jfrog: JFrog, now: datetime) -> Seen:
    try:
        facts = await token_facts(jfrog)
    except ReedbedError as error:
        return Seen(f"the platform does not say: {error.why}")
    if facts.expires_at is None:
        return Seen("the token does not expire, as far as it or the platform says")
    days = (facts.expires_at - now) / timedelta(days=1)
    evidence = f"the token expires at {facts.expires_at:%Y-%m-%d %H:%M} UTC, in {days:.1f} days"
    if days <= 0:
        return Seen(evidence, Cause.TOKEN_EXPIRED, FIX[Cause.TOKEN_EXPIRED])
    if facts.expires_at - now < EXPIRY_WARNING:
        return Seen(evidence, "token-expires-soon", FIX[Cause.TOKEN_EXPIRED], fails=False)
    return Seen(evidence)


async def xray_there(jfrog: JFrog) -> Seen:
    """Xray tells its version to anybody, so this says nothing of the token."""
    found = await jfrog.try_fetch(_XRAY_VERSION, Version)
    if not isinstance(found, Failure):
        return Seen(f"Xray {found.xray_version or 'of unknown version'} is there")
    if found.cause in {Cause.UNAUTHORISED, Cause.TOKEN_EXPIRED, Cause.FORBIDDEN}:
        return Seen(f"Xray is there, and asks who calls ({found.status})")
    if found.cause in {Cause.NOT_FOUND, Cause.LOGIN_PAGE}:
        fix = "Use the platform's own URL (port 443 or 8082, not 8081), and check that Xray runs there."
        return Seen(f"Artifactory is there, Xray is not: {found.seen}", "xray-absent", fix)
    return _failed(found)


async def xray_takes(jfrog: JFrog, now: datetime, *, heard: bool) -> Seen:
    """Listing policies is the only honest test of a token: ping and version want none."""
    outcome = await jfrog.outcome(_XRAY_POLICIES)
    if isinstance(outcome, Answer):
        return Seen("Xray takes the token, and lets it read")
    if outcome.cause is Cause.UNAUTHORISED and (heard or jfrog.facts.meant_for(XRAY) is False):
        return not_meant_for("Xray", XRAY, jfrog.facts, outcome)
    if outcome.cause is Cause.FORBIDDEN:
        fix = FIX[Cause.FORBIDDEN].format(
            needs="permission to read from Xray, and the role “Manage Policies”"
        )
        return Seen(outcome.seen, "no-xray-read-permission", fix)
    return _failed(_or_expired(outcome, jfrog.facts, now))


async def _xray_write(jfrog: JFrog, style: IssueStyle) -> Seen:
    try:
        proof = await _written_and_removed(Xray(jfrog), _probe(style))
    except Refused as refused:
        code = {403: "no-xray-write-permission", None: "write-not-kept"}.get(refused.status, Cause.REJECTED)
        fix = FIX[Cause.FORBIDDEN].format(needs=WRITE) if refused.status == 403 else refused.fix
        return Seen(refused.why, code, fix)
    except ReedbedError as error:
        return Seen(str(error), "write-not-proved", error.fix)
    flag = {True: "malicious", False: "not malicious", None: "neither"}[proof.malicious]
    return Seen(f"a custom issue was written, read back and removed; Xray's flag on it: {flag}")


async def _written_and_removed(xray: Xray, issue: CustomIssue) -> Proof:
    may_be_there = True
    try:
        return await xray.put(issue)
    except Refused as refused:
        may_be_there = refused.status not in {401, 403}
        raise
    finally:
        if may_be_there:
            await _to_its_end(xray.remove(issue.id))


async def _to_its_end(work: Coroutine[Any, Any, object]) -> None:
    """Wait for work even if the waiting is cancelled; its own timeouts bound it."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await task
        raise


def _probe(style: IssueStyle) -> CustomIssue:
    """Write an issue that can't touch anything: npm allows no name that begins with an underscore."""
    name = f"_reedbed-check-{secrets.token_hex(8)}"
    text = "Reedbed tests whether it may write custom issues. It removes this one at once."
    return CustomIssue(
        id=PROBE_ID,
        type="Security",
        provider=style.provider,
        package_type="npm",
        severity="Information",
        summary=text,
        description=text,
        components=(Component(id=name, vulnerable_versions=("[0.0.0]",)),),
        issue_kind=style.issue_kind,
        sources=(IssueSource(source_id=PROBE_ID),),
        malicious_package=style.malicious_flag,
    )


# What was seen, in words


def _failed(failure: Failure) -> Seen:
    return Seen(failure.seen, failure.cause, FIX[failure.cause].format(needs="permission for that"))


def _or_expired(failure: Failure, facts: TokenFacts, now: datetime) -> Failure:
    """Say “expired” where the token itself does, though the answer only says no."""
    expired = facts.expires_at is not None and facts.expires_at <= now
    if failure.cause is Cause.UNAUTHORISED and expired:
        return msgspec.structs.replace(failure, cause=Cause.TOKEN_EXPIRED)
    return failure


def not_meant_for(service: str, word: str, facts: TokenFacts, failure: Failure) -> Seen:
    audience = f"; the token is for {', '.join(facts.audience)}" if facts.audience else ""
    return Seen(
        f"{service} does not take the token: {failure.seen}{audience}",
        f"no-{service.lower()}-audience",
        f"Make a token whose audience holds {word}@* or *@*.",
    )
