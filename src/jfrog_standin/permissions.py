"""What a caller may do: grants on repositories, roles in Xray, and the scopes of a token. All pure.

Scope grammar: registry.terraform.io/providers/jfrog/artifactory, resource artifactory_scoped_token.
"""

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Literal

import msgspec

Action = Literal["read", "deploy", "delete", "annotate", "manage", "manage_xray_metadata", "distribute"]
Role = Literal["manage_policies", "manage_watches", "manage_reports", "manage_resources"]
"""Xray's roles of a user, beside the permissions on repositories."""

LETTERS: dict[str, Action] = {
    "r": "read",
    "w": "deploy",
    "d": "delete",
    "a": "annotate",
    "m": "manage",
    "x": "manage_xray_metadata",
    "s": "distribute",
}
EVERYTHING: frozenset[Action] = frozenset(LETTERS.values())
EVERY_ROLE: frozenset[Role] = frozenset(
    ("manage_policies", "manage_watches", "manage_reports", "manage_resources")
)


class Grant(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Actions on the repositories and paths that two globs match; a remote's cache goes with its remote."""

    repo: str = "*"
    path: str = "*"
    actions: frozenset[Action] = frozenset({"read"})

    def allows(self, action: Action, repo: str, path: str) -> bool:
        return action in self.actions and self._covers(repo) and fnmatchcase(path, self.path)

    def _covers(self, repo: str) -> bool:
        return fnmatchcase(repo, self.repo) or fnmatchcase(repo.removesuffix("-cache"), self.repo)


class Scopes(msgspec.Struct, frozen=True, kw_only=True):
    """What a token's scope text says, read once."""

    admin: bool = False
    user: bool = False  # whatever its user may
    groups: tuple[str, ...] = ()
    grants: tuple[Grant, ...] = ()
    others: tuple[str, ...] = ()  # system:… and roles:…; kept, and without effect here


_SCOPE = re.compile(r'(?:"[^"]*"|[^\s"])+')
_NAME = re.compile(r'"([^"]*)"|([^,"]+)')
_GROUPS = "applied-permissions/groups:"


def parse_scopes(text: str) -> Scopes:
    """Read a scope text: scopes between spaces, names with spaces in double quotes.

    Raises:
        ValueError: a scope of no known kind, or an unknown action letter.
    """
    scopes = [str(scope) for scope in _SCOPE.findall(text)]
    return Scopes(
        admin="applied-permissions/admin" in scopes,
        user="applied-permissions/user" in scopes,
        groups=tuple(name for scope in scopes for name in _group_names(scope)),
        grants=tuple(_grant(scope) for scope in scopes if scope.startswith("artifact:")),
        others=tuple(scope for scope in scopes if _is_other(scope)),
    )


def _group_names(scope: str) -> Iterable[str]:
    if scope.startswith(_GROUPS):
        for quoted, plain in _NAME.findall(scope.removeprefix(_GROUPS)):
            yield quoted or plain


def _grant(scope: str) -> Grant:
    """Read `artifact:<repo>[/<path>]:<actions>`; a path may hold colons, actions don't."""
    target, _, letters = scope.removeprefix("artifact:").rpartition(":")
    repo, _, path = target.partition("/")
    if not repo:
        raise ValueError(f"scope {scope!r} names no repository")
    if letters == "*":
        return Grant(repo=repo, path=path or "*", actions=EVERYTHING)
    unknown = [letter for letter in letters.split(",") if letter not in LETTERS]
    if unknown:
        raise ValueError(f"scope {scope!r} has no actions of {', '.join(LETTERS)}")
    actions = frozenset(LETTERS[letter] for letter in letters.split(","))
    return Grant(repo=repo, path=path or "*", actions=actions)


def _is_other(scope: str) -> bool:
    if scope in {"applied-permissions/admin", "applied-permissions/user"}:
        return False
    if scope.startswith((_GROUPS, "artifact:")):
        return False
    if scope.startswith(("system:", "applied-permissions/roles:")):
        return True
    raise ValueError(f"unknown scope {scope!r}")
