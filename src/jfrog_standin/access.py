"""Who is calling, and what they may do: users, groups, tokens, and the caller of a request."""

import base64
import secrets
from collections.abc import Callable, Iterable
from typing import Literal

import msgspec
from aiohttp import web

from jfrog_standin import errors
from jfrog_standin.clock import Clock
from jfrog_standin.permissions import (
    EVERY_ROLE,
    EVERYTHING,
    Action,
    Grant,
    Role,
    Scopes,
    parse_scopes,
)
from jfrog_standin.settings import Switches
from jfrog_standin.tokens import Signer, Token

ServiceCode = Literal["jfrt", "jfxr", "jfac", "jfevt"]
"""Artifactory, Xray, Access, Event: the words in a token's audience."""

ANY_AUDIENCE = "*@*"


class User(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody who may sign in."""

    name: str
    password: str = ""  # empty: no sign-in by password
    api_key: str = ""  # "AKCp…"; used only while the switch `api_keys` is on
    admin: bool = False
    groups: tuple[str, ...] = ()
    grants: tuple[Grant, ...] = ()
    roles: frozenset[Role] = frozenset()


class Group(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Users that share grants."""

    name: str
    grants: tuple[Grant, ...] = ()


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """Who makes a request, with what they may do by user, token, scope and audience together."""

    user: str
    subject: str = ""  # as a token has it; for a password the bare name
    token_id: str | None = None
    anonymous: bool = False
    admin: bool = False
    groups: tuple[str, ...] = ()
    grants: tuple[Grant, ...] = ()
    roles: frozenset[Role] = frozenset()
    audience: tuple[str, ...] = (ANY_AUDIENCE,)

    def may(self, action: Action, repo: str, path: str = "") -> bool:
        """May they do this to a path of a repository? A grant on a remote covers its cache."""
        return self.admin or any(grant.allows(action, repo, path) for grant in self.grants)

    def has_role(self, role: Role) -> bool:
        return self.admin or role in self.roles

    def is_heard_by(self, service: ServiceCode) -> bool:
        """Is the token meant for a service? `*@*` and `jfxr@*` are for Xray; `jfrt@*` is not."""
        return any(entry.partition("@")[0] in {"*", service} for entry in self.audience)

    @property
    def manage_xray_metadata(self) -> bool:
        """Write custom issues: an action on any repository is enough."""
        return self.admin or any("manage_xray_metadata" in grant.actions for grant in self.grants)

    @property
    def manage_watches(self) -> bool:
        return self.has_role("manage_watches")

    @property
    def manage_policies(self) -> bool:
        return self.has_role("manage_policies")

    @property
    def manage_resources(self) -> bool:
        """Choose which repositories Xray indexes."""
        return self.has_role("manage_resources")


class Unknown(msgspec.Struct, frozen=True, kw_only=True):
    """A request whose credentials were not taken, and why."""

    why: errors.Refusal
    token_id: str | None = None


class Issued(msgspec.Struct, frozen=True, kw_only=True):
    """A new token with its secrets, which are shown once."""

    token: Token
    access_token: str
    reference_token: str | None = None
    refresh_token: str | None = None


CALLER: web.RequestKey[Caller | Unknown] = web.RequestKey("caller")


def caller_of(request: web.Request) -> Caller:
    """Give the caller of a request, whom the middleware has let in.

    Raises:
        errors.Refused: nobody that the platform knows (401 in the service's shape).
    """
    caller = request[CALLER]
    if isinstance(caller, Unknown):
        raise errors.unauthorized(errors.service_of(request.path), caller.why)
    return caller


class Access:
    """The users, groups and tokens of one platform."""

    def __init__(self, *, clock: Clock, switches: Callable[[], Switches], admin_password: str) -> None:
        self.service_id = f"jfac@01{secrets.token_hex(12)}"
        self.users: dict[str, User] = {}
        self.groups: dict[str, Group] = {"readers": Group(name="readers", grants=(Grant(),))}
        self.tokens: dict[str, Token] = {}
        self._revoked: set[str] = set()
        self._reference_tokens: dict[str, str] = {}  # opaque text → token id
        self._refresh_tokens: dict[str, str] = {}
        self._known_jwts: dict[str, str] = {}  # checked once: a signature costs more than a look-up
        self._signer = Signer()
        self._clock = clock
        self._switches = switches
        self.add_user(User(name="admin", password=admin_password, admin=True))
        self.add_user(User(name="reader", password=admin_password, groups=("readers",)))

    def add_user(self, user: User) -> None:
        """Let somebody in, or change what they may."""
        self.users[user.name.lower()] = user

    def add_transient_user(self, name: str) -> None:
        """Let a name in that has no rights of its own: those of its token's groups are all it has."""
        self.add_user(User(name=name))

    def add_group(self, group: Group) -> None:
        self.groups[group.name] = group

    # Tokens

    def issue(
        self,
        username: str,
        *,
        scope: str = "applied-permissions/user",
        audience: Iterable[str] = (ANY_AUDIENCE,),
        expires_in_s: int | None = None,
        description: str = "",
        refreshable: bool = False,
        reference: bool = False,
    ) -> Issued:
        """Make a token. `expires_in_s` None: it never expires; a negative one has already.

        Raises:
            ValueError: the scope is of no known kind.
        """
        parse_scopes(scope)
        issued_at = self._clock.seconds()
        threshold_s = self._switches().token_persistence_threshold_s
        token = Token(
            token_id=_uuid(),
            username=username.lower(),
            subject=f"{self.service_id}/users/{username.lower()}",
            scope=scope,
            audience=tuple(audience),
            issued_at=issued_at,
            expiry=None if expires_in_s is None else issued_at + expires_in_s,
            issuer=self.service_id,
            description=description,
            refreshable=refreshable,
            stored=expires_in_s is None or expires_in_s >= threshold_s,
        )
        return self._keep(token, reference=reference)

    def _keep(self, token: Token, *, reference: bool) -> Issued:
        self.tokens[token.token_id] = token
        reference_token = secrets.token_hex(32) if reference else None  # 64 characters, opaque
        refresh_token = _uuid() if token.refreshable else None
        if reference_token:
            self._reference_tokens[reference_token] = token.token_id
        if refresh_token:
            self._refresh_tokens[refresh_token] = token.token_id
        return Issued(
            token=token,
            access_token=self._signer.sign(token),
            reference_token=reference_token,
            refresh_token=refresh_token,
        )

    def refreshed_by(self, refresh_token: str) -> Token | None:
        """Give the token that a refresh token renews, and use the refresh token up."""
        return self.tokens.get(self._refresh_tokens.pop(refresh_token, ""))

    def stored_token(self, token_id: str) -> Token | None:
        """Look a token up as Access can: only if it is stored and not revoked."""
        token = self.tokens.get(token_id)
        return token if token and token.stored and token_id not in self._revoked else None

    def stored_tokens(self) -> list[Token]:
        return [token for token_id in self.tokens if (token := self.stored_token(token_id))]

    def revoke(self, token_id: str) -> bool:
        """End a stored token; False: there is none to end."""
        if self.stored_token(token_id) is None:
            return False
        self._revoked.add(token_id)
        return True

    # Callers

    def identify(self, authorization: str, api_key: str = "") -> Caller | Unknown:
        """Tell who calls from the Authorization header and, if switched on, X-JFrog-Art-Api."""
        kind, _, credentials = authorization.partition(" ")
        match kind.lower():
            case "bearer":
                return self._by_token(credentials.strip())
            case "basic":
                return self._by_password(credentials.strip())
            case "" if api_key:
                return self._by_api_key(api_key)
            case "" if self._switches().anonymous:
                return Caller(user="anonymous", anonymous=True, grants=(Grant(),), audience=("jfrt@*",))
            case "":
                return Unknown(why="missing")
        return Unknown(why="credentials")

    def _by_password(self, credentials: str) -> Caller | Unknown:
        try:
            name, _, password = base64.b64decode(credentials, validate=True).decode().partition(":")
        except ValueError:  # no base64, or no UTF-8 in it
            return Unknown(why="credentials")
        user = self.users.get(name.lower())
        if user and user.password and user.password == password:
            return self._caller(user, Scopes(user=True))
        if user and user.api_key and self._switches().api_keys and user.api_key == password:
            return self._caller(user, Scopes(user=True))
        caller = self._by_token(password)
        if isinstance(caller, Caller) and caller.user != name.lower():
            return Unknown(why="credentials", token_id=caller.token_id)
        if isinstance(caller, Unknown) and caller.why == "token":
            return Unknown(why="credentials")
        return caller

    def _by_api_key(self, api_key: str) -> Caller | Unknown:
        if self._switches().api_keys:
            for user in self.users.values():
                if user.api_key and user.api_key == api_key:
                    return self._caller(user, Scopes(user=True))
        return Unknown(why="credentials")

    def _by_token(self, text: str) -> Caller | Unknown:
        token = self.tokens.get(self.id_of(text) or "")
        if token is None:
            return Unknown(why="token")
        user = self.users.get(token.username)
        if token.token_id in self._revoked or user is None:
            return Unknown(why="revoked", token_id=token.token_id)
        if token.expiry is not None and token.expiry <= self._clock.seconds():
            return Unknown(why="expired", token_id=token.token_id)
        return self._caller(user, parse_scopes(token.scope), token)

    def id_of(self, text: str) -> str | None:
        """Give the id of an access or reference token that this platform has made."""
        token_id = self._reference_tokens.get(text) or self._known_jwts.get(text)
        if token_id is None:
            token_id = self._signer.token_id(text)
            if token_id is not None:
                self._known_jwts[text] = token_id
        return token_id

    def _caller(self, user: User, scopes: Scopes, token: Token | None = None) -> Caller:
        groups = (*user.groups, *scopes.groups) if scopes.user else scopes.groups
        admin = scopes.admin or (scopes.user and user.admin)
        of_user = user.grants if scopes.user else ()
        of_groups = (grant for name in groups if name in self.groups for grant in self.groups[name].grants)
        return Caller(
            user=user.name,
            subject=token.subject if token else user.name,
            token_id=token.token_id if token else None,
            admin=admin,
            groups=groups,
            grants=(Grant(actions=EVERYTHING),) if admin else (*of_user, *of_groups, *scopes.grants),
            roles=EVERY_ROLE if admin else (user.roles if scopes.user else frozenset()),
            audience=token.audience if token else (ANY_AUDIENCE,),
        )


def _uuid() -> str:
    text = secrets.token_hex(16)
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))
