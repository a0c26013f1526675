"""The URLs of package repositories, in every form that people paste: corrected, and that is said. Pure.

`…/api/npm/<key>/`, `…/api/pypi/<key>/simple` and `…/api/go/<key>`, below `/artifactory` or what a reverse
proxy has in its place. Source: docs.jfrog.com, npm, PyPI and Go repositories.
"""

from collections.abc import Sequence
from urllib.parse import SplitResult, urlsplit

import msgspec

from reedbed.errors import SettingsError
from reedbed.jfrog.address import platform_url
from reedbed.model.registry import REPOSITORY, Endpoint, Manager

FORMS = {
    Manager.NPM: "https://company.jfrog.io/artifactory/api/npm/npm-virtual/",
    Manager.PYPI: "https://company.jfrog.io/artifactory/api/pypi/pypi-virtual/simple",
    Manager.GO: "https://company.jfrog.io/artifactory/api/go/go-virtual/",
}
_NAMES = {Manager.NPM: "npm", Manager.PYPI: "PyPI", Manager.GO: "Go"}
_PAGES = frozenset({"ui", "webapp", "native"})


class Read(msgspec.Struct, frozen=True, kw_only=True):
    """An endpoint, and how what was given had to be corrected for it."""

    endpoint: Endpoint
    corrections: tuple[str, ...] = ()


def read_url(manager: Manager, text: str, *, plain_http_to_loopback: bool = False) -> Read:
    """Read the URL of a repository of packages. Reading the result again changes nothing.

    Raises:
        SettingsError: it is no such URL, or of another manager's repository; the message never repeats it,
            since it may hold a secret.
    """
    try:
        platform_url(text, plain_http_to_loopback=plain_http_to_loopback)
    except SettingsError as error:
        raise _unusable(manager, error.why) from None
    parts = urlsplit(text.strip() if "://" in text else f"https://{text.strip()}")
    segments = [each for each in parts.path.split("/") if each]
    before, key, after, missing = _key(manager, segments)
    if not REPOSITORY.fullmatch(key):
        raise _unusable(manager, "it names no repository after its type")
    base = _base(parts, before)
    endpoint = Endpoint(manager=manager, base=base, repository=key)
    return Read(endpoint=endpoint, corrections=_corrections(endpoint, parts, after, missing=missing))


def _key(manager: Manager, segments: Sequence[str]) -> tuple[list[str], str, list[str], bool]:
    """Take a path apart: what is before `/api/`, the key, what follows it, and was `/api/` missing?"""
    lower = [each.lower() for each in segments]
    if "api" in lower:
        at = lower.index("api")
        kind = lower[at + 1] if len(lower) > at + 1 else ""
        if kind != manager:
            raise _wrong_kind(manager, kind)
        return list(segments[:at]), _at(segments, at + 2), list(segments[at + 3 :]), False
    if lower and lower[0] in _PAGES:
        raise _unusable(manager, "it is the address of a page, and has no /api/")
    if "artifactory" in lower[:-1]:
        at = lower.index("artifactory")
        return list(segments[: at + 1]), segments[at + 1], list(segments[at + 2 :]), True
    raise _unusable(manager, "it has no /api/")


def _at(segments: Sequence[str], index: int) -> str:
    return segments[index] if len(segments) > index else ""


def _base(parts: SplitResult, before: Sequence[str]) -> str:
    """Write what stands before `/api/`, host and port as `platform_url` has them."""
    context = "".join(f"/{each}" for each in before)
    bare = platform_url(f"{parts.scheme}://{parts.netloc}", plain_http_to_loopback=True)
    return bare + context


def _corrections(
    endpoint: Endpoint, parts: SplitResult, after: Sequence[str], *, missing: bool
) -> tuple[str, ...]:
    """Say what is not as it was given, one sentence each."""
    wanted = ["simple"] if endpoint.manager is Manager.PYPI else []
    told = {
        f"/api/{endpoint.manager}/ was missing before {endpoint.repository}": missing,
        "/simple was missing at its end, which pip and uv need": bool(wanted) and not after,
        "what followed the repository was cut off": bool(after) and list(after) != wanted,
        "what followed ? or # was cut off": bool(parts.query or parts.fragment),
    }
    said = tuple(sentence for sentence, holds in told.items() if holds)
    path = urlsplit(endpoint.url).path
    right = {path, f"{path}/"} if endpoint.manager is Manager.GO else {path}
    return said or (() if parts.path in right else ("its slashes were put right",))


def _wrong_kind(manager: Manager, kind: str) -> SettingsError:
    others = {str(each): name for each, name in _NAMES.items()}
    if kind in others:
        why = f"it is of a repository for {others[kind]}, not {_NAMES[manager]}"
        return _unusable(manager, why, f"Give it as the URL for {others[kind]}, or give another one here.")
    return _unusable(manager, f"after /api/ it does not go on with {manager}/")


def _unusable(manager: Manager, why: str, fix: str = "") -> SettingsError:
    return SettingsError(
        f"The URL of the repository for {_NAMES[manager]} can't be used",
        why=why,
        fix=fix or f"Give it as {FORMS[manager]}",
    )
