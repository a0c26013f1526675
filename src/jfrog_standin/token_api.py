"""/access/api/v1/tokens: make, list, look up, refresh and revoke access tokens.

Source: the AccessTokens page of JFrog's merged OpenAPI; limits: the Terraform provider's
artifactory_scoped_token.
"""

from typing import Any, TypeVar

import msgspec
from aiohttp import web

from jfrog_standin import errors
from jfrog_standin.access import ANY_AUDIENCE, Access, Caller, Issued, caller_of
from jfrog_standin.permissions import Scopes, parse_scopes
from jfrog_standin.platform import platform_of
from jfrog_standin.tokens import Token, details

T = TypeVar("T")

LONGEST_SCOPE = 500
LONGEST_DESCRIPTION = 1024
LONGEST_NAME = 255  # of a user, and of an audience
DEFAULT_LIFETIME_S = 31_536_000


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """The fields of a token request, sent as a form or as JSON."""

    grant_type: str = "client_credentials"
    username: str = ""
    scope: str = "applied-permissions/user"
    expires_in: int = DEFAULT_LIFETIME_S  # seconds; 0: it never expires
    refreshable: bool = False
    description: str = ""
    audience: str = ANY_AUDIENCE
    include_reference_token: bool = False
    refresh_token: str = ""


class Answer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a new token is told as; the secrets in it are shown this once."""

    token_id: str
    access_token: str
    scope: str
    token_type: str
    expires_in: int | None = None
    refresh_token: str | None = None
    reference_token: str | None = None


class Which(msgspec.Struct, frozen=True, kw_only=True):
    """The token to revoke, by its id or by itself."""

    token_id: str = ""
    token: str = ""


def routes() -> list[web.RouteDef]:
    base = "/access/api/v1/tokens"
    return [
        web.post(base, create),
        web.get(base, list_tokens, allow_head=False),
        web.get(f"{base}/me", show_own, allow_head=False),
        web.delete(f"{base}/me", revoke_own),
        web.delete(f"{base}/revoke", revoke_named),
        web.get(f"{base}/{{token_id}}", show, allow_head=False),
        web.delete(f"{base}/{{token_id}}", revoke),
    ]


async def create(request: web.Request) -> web.Response:
    """Make a token: an administrator any, others one for themselves."""
    caller, access = caller_of(request), platform_of(request).access
    wanted = await _read(request)
    if wanted.grant_type == "refresh_token":
        return errors.json_answer(_answer(_refresh(access, wanted)))
    scopes = _check(wanted)
    username = (wanted.username or caller.user).lower()
    if not _may_have(caller, username, scopes):
        raise errors.forbidden("access")
    if username not in access.users:  # a token for a user that is not there makes a transient one
        access.add_transient_user(username)
    issued = access.issue(
        username,
        scope=wanted.scope,
        audience=wanted.audience.split(),
        expires_in_s=wanted.expires_in or None,
        description=wanted.description,
        refreshable=wanted.refreshable,
        reference=wanted.include_reference_token,
    )
    return errors.json_answer(_answer(issued))


async def list_tokens(request: web.Request) -> web.Response:
    """List the stored tokens: an administrator sees all, others their own."""
    caller, access = caller_of(request), platform_of(request).access
    username, description = request.query.get("username"), request.query.get("description")
    shown = [
        details(token)
        for token in access.stored_tokens()
        if _owns(caller, token)
        and (username is None or token.username == username)
        and (description is None or token.description == description)
    ]
    return errors.json_answer({"tokens": shown})


async def show_own(request: web.Request) -> web.Response:
    """Show the calling token: the look-up that works for reference tokens too, if the token is stored."""
    return _show(request, caller_of(request).token_id or "")


async def show(request: web.Request) -> web.Response:
    return _show(request, request.match_info["token_id"])


async def revoke_own(request: web.Request) -> web.Response:
    return _revoke(request, caller_of(request).token_id or "")


async def revoke(request: web.Request) -> web.Response:
    return _revoke(request, request.match_info["token_id"])


async def revoke_named(request: web.Request) -> web.Response:
    """Revoke the token that the body names."""
    which = _convert(await _fields(request), Which)
    token_id = which.token_id or platform_of(request).access.id_of(which.token) or ""
    return _revoke(request, token_id)


def _show(request: web.Request, token_id: str) -> web.Response:
    return errors.json_answer(details(_owned_token(request, token_id)))


def _revoke(request: web.Request, token_id: str) -> web.Response:
    token = _owned_token(request, token_id)
    platform_of(request).access.revoke(token.token_id)
    return web.Response()


def _owned_token(request: web.Request, token_id: str) -> Token:
    caller = caller_of(request)
    token = platform_of(request).access.stored_token(token_id)
    if token is None:
        raise errors.access(404, "NOT_FOUND", "Token not found")
    if not _owns(caller, token):
        raise errors.forbidden("access")
    return token


def _owns(caller: Caller, token: Token) -> bool:
    return caller.admin or token.username == caller.user


def _may_have(caller: Caller, username: str, scopes: Scopes) -> bool:
    """Others than administrators get no more than they have: their user's rights, or their own groups'."""
    if caller.admin:
        return True
    beyond = scopes.admin or scopes.grants or scopes.others or not set(scopes.groups) <= set(caller.groups)
    return username == caller.user and not beyond


def _refresh(access: Access, wanted: Wanted) -> Issued:
    old = access.refreshed_by(wanted.refresh_token)
    if old is None:
        raise errors.access(400, "BAD_REQUEST", "Invalid refresh token")
    access.revoke(old.token_id)
    return access.issue(
        old.username,
        scope=old.scope,
        audience=old.audience,
        expires_in_s=None if old.expiry is None else old.expiry - old.issued_at,
        description=old.description,
        refreshable=True,
    )


def _check(wanted: Wanted) -> Scopes:
    """Hold a request against the documented limits."""
    limits = {
        "scope": (wanted.scope, LONGEST_SCOPE),
        "description": (wanted.description, LONGEST_DESCRIPTION),
        "username": (wanted.username, LONGEST_NAME),
        "audience": (wanted.audience, LONGEST_NAME),
    }
    for name, (text, longest) in limits.items():
        if len(text) > longest:
            raise errors.access(400, "BAD_REQUEST", f"{name} is longer than {longest} characters")
    if wanted.expires_in < 0:
        raise errors.access(400, "BAD_REQUEST", "expires_in is negative")
    try:
        return parse_scopes(wanted.scope)
    except ValueError as error:
        raise errors.access(400, "BAD_REQUEST", str(error)) from error


def _answer(issued: Issued) -> Answer:
    token = issued.token
    return Answer(
        token_id=token.token_id,
        access_token=issued.access_token,
        scope=token.scope,
        token_type="Bearer",
        expires_in=None if token.expiry is None else token.expiry - token.issued_at,
        refresh_token=issued.refresh_token,
        reference_token=issued.reference_token,
    )


async def _read(request: web.Request) -> Wanted:
    return _convert(await _fields(request), Wanted)


async def _fields(request: web.Request) -> dict[str, Any]:
    if request.content_type != "application/json":
        return dict(await request.post())
    try:
        return msgspec.json.decode(await request.read() or b"{}", type=dict[str, Any])
    except msgspec.MsgspecError as error:
        raise errors.access(400, "BAD_REQUEST", "Failed to parse json") from error


def _convert(fields: dict[str, Any], kind: type[T]) -> T:
    try:
        return msgspec.convert(fields, kind, strict=False)  # a form has text for numbers
    except msgspec.ValidationError as error:
        raise errors.access(400, "BAD_REQUEST", str(error)) from error
