"""The test of a registry: the way, the token, then each repository as its manager would ask it. Acts.

Network Reachability, TLS Handshake     as of any address
Token                                   is it one, how long yet, may it do more than it has to?
<manager>: Repository                   is it there, of the right type, and of which kind?
<manager>: Reading                      may the token read, and is a name that nobody has not there?
<manager>: <capability>                 what Artifactory can do for it; told, and never in the way
<manager>: <package>                    a package that somebody asked about, and why it can't be had

Nothing is written anywhere in JFrog.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial

import msgspec

from reedbed.errors import ReedbedError
from reedbed.jfrog.access import token_facts
from reedbed.jfrog.address import platform_url
from reedbed.jfrog.causes import Cause, Failure
from reedbed.jfrog.check import Seen, lifetime, token_form
from reedbed.jfrog.checklist import Checklist, failed, network, tls
from reedbed.jfrog.package_repository import (
    READ,
    LookUp,
    Verdict,
    answers_json,
    look_up,
    repositories,
    takes_audits,
)
from reedbed.jfrog.session import JFrog, Patience, connect
from reedbed.jfrog.wire import Repo
from reedbed.model.checks import Check, Outcome
from reedbed.model.registry import Endpoint, Manager, Registry

NETWORK, TLS, TOKEN = "Network Reachability", "TLS Handshake", "Token"
ADMIN = "applied-permissions/admin"
NAMES = {Manager.NPM: "npm", Manager.PYPI: "PyPI", Manager.GO: "Go"}
KINDS = {
    "VIRTUAL": "virtual, which is preferred: it has several repositories behind one URL",
    "REMOTE": "remote: it is good for caching packages of public registries, and has no private ones",
    "LOCAL": "local: it is for your own private packages only",
    "FEDERATED": "federated: it is for your own private packages only",
}
WELL_KNOWN = "pip"
"""A project that nearly every index of PyPI has."""

MOST_OTHERS = 20
"""Repositories that are asked where a package might be instead."""


def passed(checks: Sequence[Check]) -> bool:
    """Whether a registry can be used as it is; a warning lets it."""
    return all(each.outcome in (Outcome.PASSED, Outcome.WARNED) for each in checks)


async def check(
    registry: Registry,
    token: str,
    *,
    now: Callable[[], datetime],
    packages: Mapping[Manager, Sequence[str]] = {},
    patience: Patience = Patience(attempts=2),  # noqa: B008 - a frozen value
) -> list[Check]:
    """Test a registry. Never raises for what it tests; makes about five requests for each repository."""
    test = Checklist(f"reedbed registry rotate {registry.name}")
    endpoints = list(registry.endpoints.values())
    first = registry.reached(endpoints[0])
    await test.run(NETWORK, (), lambda: network(first))
    await test.run(TLS, (NETWORK,), lambda: tls(first, now()))
    form = await token_form(token, now())
    if form.code == "token-unusable":
        test.add(TOKEN, form)
    else:
        await test.run(TOKEN, (TLS,), lambda: _token(registry, token, form, now()))
        for endpoint in endpoints if test.passed(TLS) else ():
            async with connect(registry.reached(endpoint), token, patience=patience) as jfrog:
                await _ask(test, jfrog, endpoint, packages.get(endpoint.manager, ()))
    return test.in_order(_names(endpoints, packages))


async def _ask(test: Checklist, jfrog: JFrog, endpoint: Endpoint, packages: Sequence[str]) -> None:
    repository, reading, capability = _of(endpoint.manager)
    await test.run(repository, (TLS,), lambda: _repository(jfrog, endpoint))
    await test.run(reading, (repository,), lambda: _reading(jfrog, endpoint))
    if capability:
        await test.run(capability, (reading,), lambda: _CAPABILITIES[endpoint.manager](jfrog, endpoint))
    for name in packages:
        await test.run(_about(endpoint.manager, name), (reading,), partial(_package, jfrog, endpoint, name))


def _names(endpoints: Sequence[Endpoint], packages: Mapping[Manager, Sequence[str]]) -> list[str]:
    names = [NETWORK, TLS, TOKEN]
    for endpoint in endpoints:
        names += filter(None, _of(endpoint.manager))
        names += [_about(endpoint.manager, each) for each in packages.get(endpoint.manager, ())]
    return names


def _of(manager: Manager) -> tuple[str, str, str]:
    capability = {Manager.NPM: "npm: Advisories", Manager.PYPI: "PyPI: Upload Times"}.get(manager, "")
    return f"{NAMES[manager]}: Repository", f"{NAMES[manager]}: Reading", capability


def _about(manager: Manager, package: str) -> str:
    return f"{NAMES[manager]}: {package}"


async def _token(registry: Registry, token: str, form: Seen, now: datetime) -> Seen:
    """Say what the token is, how long it lasts, and whether it may more than reading takes."""
    if form.fix:
        return form
    some = registry.reached(next(iter(registry.endpoints.values())))
    root = msgspec.structs.replace(some, url=platform_url(some.url, plain_http_to_loopback=True))
    async with connect(root, token, patience=Patience(attempts=1)) as jfrog:
        ends = await lifetime(jfrog, now)
        if ends.fix:
            return Seen(f"{form.evidence}; {ends.evidence}", ends.code, ends.fix, fails=ends.fails)
        try:
            facts = await token_facts(jfrog)
        except ReedbedError:  # this platform tells nobody of tokens
            return Seen(f"{form.evidence}; {ends.evidence}")
    if ADMIN in facts.scopes:
        fix = "A token of a user who may only read these repositories is enough: make such a one."
        return Seen(f"{form.evidence}; it is an administrator's", "AUTH_ADMIN", fix, fails=False)
    return Seen(f"{form.evidence}; {ends.evidence}")


# One repository


async def _repository(jfrog: JFrog, endpoint: Endpoint) -> Seen:
    found = await repositories(jfrog)
    if isinstance(found, Failure):
        if found.cause in (Cause.UNAUTHORISED, Cause.TOKEN_EXPIRED):
            return _not_taken(found)
        return Seen(f"what kind it is can't be told: {found.seen}")
    known = {each.key: each for each in found}
    if (repo := known.get(endpoint.repository)) is None:
        return _not_seen(endpoint, found)
    kind = KINDS.get(repo.type.upper(), repo.type.lower())
    if repo.packageType.lower() != endpoint.manager:
        evidence = f"{repo.key} is a repository for {repo.packageType}, not {NAMES[endpoint.manager]}"
        return Seen(evidence, "REGISTRY_TYPE", _others(endpoint, found))
    if repo.type.upper() == "VIRTUAL":
        return Seen(f"{repo.key} is {kind}")
    fix = f"Prefer a virtual one. {_others(endpoint, found, virtual=True)}"
    return Seen(f"{repo.key} is {kind}", "REGISTRY_NOT_VIRTUAL", fix, fails=False)


def _not_seen(endpoint: Endpoint, found: Sequence[Repo]) -> Seen:
    evidence = f"{endpoint.repository} is not among the {len(found)} repositories that the token sees"
    fix = f"Check its key, and that the token's user may read it. {_others(endpoint, found)}"
    return Seen(evidence, "REGISTRY_NOT_SEEN", fix)


def _others(endpoint: Endpoint, found: Sequence[Repo], *, virtual: bool = False) -> str:
    """Name what could be meant."""
    keys = [
        each.key
        for each in found
        if each.packageType.lower() == endpoint.manager and (not virtual or each.type.upper() == "VIRTUAL")
    ]
    kind = "virtual repositories" if virtual else "repositories"
    if not keys:
        return f"The token sees no {kind} for {NAMES[endpoint.manager]}."
    return f"There {'are' if len(keys) > 1 else 'is'}: {', '.join(sorted(keys)[:10])}."


async def _reading(jfrog: JFrog, endpoint: Endpoint) -> Seen:
    """Ask for a name that nobody has: whoever may not read is told so, and nobody gets a package."""
    found = await look_up(jfrog, endpoint, _nobodys(endpoint.manager))
    match found.verdict:
        case Verdict.MISSING:
            return Seen("the token may read; a name that nobody has is not there")
        case Verdict.THERE:
            fix = "Look what answers there: a repository that has every name can't be trusted with any."
            return Seen("it has a package under a made-up name", "REGISTRY_ANSWERS_ALL", fix)
        case Verdict.BLOCKED_BY_CURATION:
            return Seen("the token may read; Curation blocks what it does not know")
        case _:
            assert found.failure
            return _not_taken(found.failure)


def _nobodys(manager: Manager) -> str:
    name = f"reedbed-{secrets.token_hex(10)}"
    return f"{name}.example/nobody" if manager is Manager.GO else name


def _not_taken(failure: Failure) -> Seen:
    """Say why a token is not taken, as far as JFrog tells."""
    if failure.cause is Cause.UNAUTHORISED:
        fix = "Give an identity or access token of this platform, not a password, that has not been revoked."
        return Seen(failure.seen, failure.cause, fix)
    return failed(failure, needs=READ)


# What it can do


async def _advisories(jfrog: JFrog, endpoint: Endpoint) -> Seen:
    outcome = await takes_audits(jfrog, endpoint)
    if isinstance(outcome, Failure):
        return Seen(f"it does not answer npm's audits ({outcome.seen}); Reedbed answers them itself")
    return Seen("it answers npm's audits")


async def _upload_times(jfrog: JFrog, endpoint: Endpoint) -> Seen:
    told = await answers_json(jfrog, endpoint, WELL_KNOWN)
    if isinstance(told, Failure):
        return Seen(f"not known: {told.seen}")
    json, times = told
    if times:
        return Seen("its index tells when files were uploaded")
    why = "tells no upload times" if json else "is told as HTML alone"
    fix = "To let a new release ripen, enable “simple JSON format” in Artifactory (7.132 or later)."
    return Seen(f"its index {why}", "INDEX_WITHOUT_TIMES", fix, fails=False)


_CAPABILITIES = {Manager.NPM: _advisories, Manager.PYPI: _upload_times}


# A package that somebody asked about


async def _package(jfrog: JFrog, endpoint: Endpoint, name: str) -> Seen:
    found = await look_up(jfrog, endpoint, name)
    match found.verdict:
        case Verdict.THERE:
            return Seen(_there(endpoint, found))
        case Verdict.MISSING:
            return await _missing(jfrog, endpoint, name)
        case Verdict.BLOCKED_BY_CURATION:
            policies = ", ".join(found.policies) or "a policy that it does not name"
            fix = "Choose another version or package, or ask for a waiver of that policy in JFrog Curation."
            return Seen(f"Curation blocks it by {policies}", "PACKAGE_CURATION", fix)
        case Verdict.BLOCKED_BY_XRAY:
            fix = "Look at the watches and policies of Xray that reach this repository."
            return Seen(found.failure.seen if found.failure else "Xray blocks it", "PACKAGE_XRAY", fix)
        case _:
            assert found.failure
            return _not_taken(found.failure)


def _there(endpoint: Endpoint, found: LookUp) -> str:
    of, number = "file" if endpoint.manager is Manager.PYPI else "version", len(found.versions)
    return f"it is there, with {number:,} {of}{'' if number == 1 else 's'}"


async def _missing(jfrog: JFrog, endpoint: Endpoint, name: str) -> Seen:
    """Tell a package that nobody has from one that the repository has no member for."""
    listed = await repositories(jfrog)
    others = (
        []
        if isinstance(listed, Failure)
        else [
            each.key
            for each in listed
            if each.packageType.lower() == endpoint.manager and each.key != endpoint.repository
        ]
    )
    having = []
    for key in sorted(others)[:MOST_OTHERS]:
        found = await look_up(jfrog, msgspec.structs.replace(endpoint, repository=key), name)
        if found.verdict in (Verdict.THERE, Verdict.BLOCKED_BY_CURATION, Verdict.BLOCKED_BY_XRAY):
            having.append(f"{key} ({found.verdict})")
    if having:
        fix = f"Make it a member of {endpoint.repository}, or see there why it is blocked."
        return Seen(f"{endpoint.repository} does not have it; {', '.join(having)}", "PACKAGE_ELSEWHERE", fix)
    fix = "Check the name, and that it was published; a 404 of a remote is remembered for some time."
    evidence = f"neither {endpoint.repository} nor another repository that the token sees has it"
    return Seen(evidence, "PACKAGE_MISSING", fix)
