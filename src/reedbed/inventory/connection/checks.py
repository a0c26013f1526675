"""The test of a connection: the seed's five checks by name, then what else a person should know. Acts.

Network Reachability            is there a way, past the proxy if there is one?
TLS Handshake                   does the certificate hold?
Authentication Credential Check is it a token, does Artifactory take it, how long yet?
Authorization Scope Check       may it ask what each selected stream asks?
Data Fetch                      one repository, one image, its manifest, and what Xray says of it

Versions, Xray Indexing, Clock Skew, Retention, Least Privilege and a Permission for each stream come after
these; they warn, and never keep a connection from being enabled. Nothing is written anywhere in JFrog.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from reedbed.errors import ReedbedError
from reedbed.inventory.connection import sampling, surroundings
from reedbed.inventory.connection.probes import NEEDS
from reedbed.jfrog.causes import ROTATE, Cause
from reedbed.jfrog.check import Seen, not_meant_for, token_form
from reedbed.jfrog.checklist import Checklist, credential, failed, network, tls
from reedbed.jfrog.exchange import Answer
from reedbed.jfrog.session import JFrog, Patience, connect
from reedbed.jfrog.token import XRAY
from reedbed.model.checks import Check, Outcome
from reedbed.model.inventory import Stream
from reedbed.model.platform import Platform

NETWORK, TLS = "Network Reachability", "TLS Handshake"
CREDENTIAL, AUTHORISATION = "Authentication Credential Check", "Authorization Scope Check"
DATA = "Data Fetch"
FIVE = (NETWORK, TLS, CREDENTIAL, AUTHORISATION, DATA)


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
    rotate: str = ROTATE,
    patience: Patience = Patience(attempts=2),  # noqa: B008 - a frozen value
) -> list[Check]:
    """Test what a connection would read. Never raises for what it tests; makes about fifteen requests.

    `rotate` is the command that replaces the token, for the advice.
    """
    test = Checklist(rotate)
    await test.run(NETWORK, (), lambda: network(platform))
    await test.run(TLS, (NETWORK,), lambda: tls(platform, now()))
    form = await token_form(token, now())
    if form.code == "token-unusable":
        test.add(CREDENTIAL, form)
        return test.in_order(names(streams))
    try:
        async with connect(platform, token, patience=patience) as jfrog:
            await _ask(test, jfrog, form, streams, now)
    except ReedbedError as error:  # the CA file
        test.add(TLS, Seen(error.why, "TLS_CA_FILE", error.fix))
    return test.in_order(names(streams))


async def _ask(
    test: Checklist, jfrog: JFrog, form: Seen, streams: Sequence[Stream], now: Callable[[], datetime]
) -> None:
    await test.run(CREDENTIAL, (TLS,), lambda: credential(jfrog, form, now()))
    if not test.passed(CREDENTIAL):
        return
    for stream in streams:
        await test.run(permission(stream), (), partial(_permission, jfrog, stream))
    await test.run(AUTHORISATION, (CREDENTIAL,), lambda: _authorisation(test, streams))
    await test.run(DATA, (AUTHORISATION,), lambda: sampling.sample(jfrog, streams))
    for name, look in surroundings.LOOKS.items():
        await test.run(name, (), partial(look, jfrog, streams, now()))


def names(streams: Sequence[Stream]) -> list[str]:
    """Name the checks of a test in order."""
    return [*FIVE, *surroundings.LOOKS, *map(permission, streams)]


def permission(stream: Stream) -> str:
    return f"Permission: {stream}"


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
    return failed(outcome, needs=need.permission)


async def _authorisation(test: Checklist, streams: Sequence[Stream]) -> Seen:
    """Sum up the streams' permissions: one that is missing keeps the connection a draft."""
    missing = [each for each in map(test.made, map(permission, streams)) if each.outcome is Outcome.FAILED]
    if not missing:
        return Seen(f"the token may read all that is selected: {', '.join(streams)}")
    first = missing[0]
    evidence = "; ".join(f"{each.name.partition(': ')[2]}: {each.evidence}" for each in missing)
    fix = f"{first.fix} Or leave the stream out, with --stream."
    return Seen(evidence, first.code, fix)
