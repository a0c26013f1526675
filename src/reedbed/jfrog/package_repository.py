"""A repository of packages, asked as npm, pip and go ask it.

Routes are below the endpoint's base, for that may be what a reverse proxy has in the place of `/artifactory`.
Sources: docs.jfrog.com, npm, PyPI and Go repositories; on blocks jfrog.com knowledge base and
github.com/jfrog/jfrog-cli-security, curation audit.
"""

import re
from enum import StrEnum

import msgspec

from reedbed.errors import SettingsError
from reedbed.jfrog.causes import Cause, Failure
from reedbed.jfrog.exchange import JSON, Answer, Call
from reedbed.jfrog.layouts import go_escape
from reedbed.jfrog.session import JFrog
from reedbed.jfrog.wire import Repo
from reedbed.model.registry import Endpoint, Manager

READ = "the permission to read from this repository"
INDEX_BYTES = 64 * 1024 * 1024
SIMPLE_JSON = "application/vnd.pypi.simple.v1+json"
ABBREVIATED = "application/vnd.npm.install-v1+json"
_NAME = {
    Manager.NPM: re.compile(r"(?:@[a-z0-9~-][a-z0-9._~-]*/)?[A-Za-z0-9~_-][A-Za-z0-9._~-]*"),
    Manager.PYPI: re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"),
    Manager.GO: re.compile(r"[A-Za-z0-9][A-Za-z0-9._~/-]*"),
}
_BY_CURATION = "JFrog Packages Curation"
_BY_XRAY = "download blocking policy configured in Xray"
_POLICY = re.compile(r"\{([^{},]{1,200}),")


class Verdict(StrEnum):
    """What a repository says of a package."""

    THERE = "there"
    MISSING = "missing"  # through a virtual repository maybe blocked in one of its members
    BLOCKED_BY_CURATION = "blocked by Curation"
    BLOCKED_BY_XRAY = "blocked by Xray"
    UNAUTHORISED = "not authenticated"
    FORBIDDEN = "may not be read"
    UNKNOWN = "not known"


class LookUp(msgspec.Struct, frozen=True, kw_only=True):
    """What a repository said when it was asked for a package."""

    verdict: Verdict
    versions: tuple[str, ...] = ()  # of a project of PyPI: its files
    policies: tuple[str, ...] = ()  # of Curation, that block it
    failure: Failure | None = None


class _Packument(msgspec.Struct):
    versions: dict[str, msgspec.Raw] = {}


class _File(msgspec.Struct):
    filename: str = ""


class _Project(msgspec.Struct):
    files: list[_File] = []


def package_name(manager: Manager, text: str) -> str:
    """Check the name of a package before it goes into a path.

    Raises:
        SettingsError: no package of this manager can have that name.
    """
    if len(text) <= 214 and _NAME[manager].fullmatch(text) and ".." not in text:
        return text
    raise SettingsError(
        "The package can't be looked up", why=f"{text!r} is no name of {manager}", fix="Check the name."
    )


async def repositories(jfrog: JFrog) -> list[Repo] | Failure:
    """List the repositories that the token's user may see."""
    call = Call(method="GET", route="/api/repositories", doing="list the repositories", needs=READ)
    return await jfrog.try_fetch(call, list[Repo])


async def look_up(jfrog: JFrog, endpoint: Endpoint, name: str) -> LookUp:
    """Ask for a package's versions.

    Raises:
        SettingsError: as `package_name`.
    """
    outcome = await jfrog.outcome(_index_of(endpoint, package_name(endpoint.manager, name)))
    if isinstance(outcome, Failure):
        return read_failure(outcome)
    try:
        return LookUp(verdict=Verdict.THERE, versions=_versions(endpoint.manager, outcome))
    except (ValueError, RecursionError):
        seen = f"what it answers about {name} can't be read"
        return LookUp(
            verdict=Verdict.UNKNOWN, failure=Failure(cause=Cause.NOT_AS_DOCUMENTED, seen=seen, status=200)
        )


def read_failure(failure: Failure) -> LookUp:
    """Tell apart why there was no package: they are 401, 403 and 404, and two of them look alike."""
    if failure.status == 403 and _BY_CURATION in failure.seen:
        policies = tuple(each.strip() for each in _POLICY.findall(failure.seen))
        return LookUp(verdict=Verdict.BLOCKED_BY_CURATION, policies=policies, failure=failure)
    verdict = {401: Verdict.UNAUTHORISED, 403: Verdict.FORBIDDEN, 404: Verdict.MISSING}
    found = Verdict.BLOCKED_BY_XRAY if _BY_XRAY in failure.seen else verdict.get(failure.status)
    return LookUp(verdict=found or Verdict.UNKNOWN, failure=failure)


def _index_of(endpoint: Endpoint, name: str) -> Call:
    routes = {
        Manager.NPM: ("/api/npm/{repository}/{name}", name, f"{ABBREVIATED}, application/json;q=0.9"),
        Manager.PYPI: (
            "/api/pypi/{repository}/simple/{name}/",
            re.sub(r"[-_.]+", "-", name).lower(),
            f"{SIMPLE_JSON}, text/html;q=0.9",
        ),
        Manager.GO: ("/api/go/{repository}/{path}/@v/list", go_escape(name), "text/plain"),
    }
    route, asked, accept = routes[endpoint.manager]
    key = "path" if endpoint.manager is Manager.GO else "name"
    return Call(
        method="GET",
        route=route,
        at={"repository": endpoint.repository, key: asked},
        headers={"Accept": accept},
        reads="raw",
        max_bytes=INDEX_BYTES,
        doing=f"look {name} up in {endpoint.repository}",
        needs=READ,
    )


def _versions(manager: Manager, answer: Answer) -> tuple[str, ...]:
    if manager is Manager.NPM:
        return tuple(msgspec.json.decode(answer.body, type=_Packument).versions)
    if manager is Manager.GO:
        return tuple(answer.body.decode(errors="replace").split())
    if SIMPLE_JSON in answer.headers.get("Content-Type", ""):
        return tuple(each.filename for each in msgspec.json.decode(answer.body, type=_Project).files)
    return tuple(re.findall(r"<a\s[^>]*>([^<]{1,300})</a>", answer.body.decode(errors="replace")))


# What it can do


async def answers_json(jfrog: JFrog, endpoint: Endpoint, name: str) -> tuple[bool, bool] | Failure:
    """Say whether PyPI's simple API is told as JSON, and with upload times: a cool-down rests on those."""
    outcome = await jfrog.outcome(_index_of(endpoint, name))
    if isinstance(outcome, Failure):
        return outcome
    return SIMPLE_JSON in outcome.headers.get("Content-Type", ""), b'"upload-time"' in outcome.body


async def takes_audits(jfrog: JFrog, endpoint: Endpoint) -> Answer | Failure:
    """Ask npm's bulk advisories of nothing."""
    call = Call(
        method="POST",
        route="/api/npm/{repository}/-/npm/v1/security/advisories/bulk",
        at={"repository": endpoint.repository},
        send=b"{}",
        headers=JSON,
        reads="raw",
        doing="ask for advisories",
        needs=READ,
    )
    return await jfrog.outcome(call)
