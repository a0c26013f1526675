"""A subscription to events as a value: its shape on the wire, its rules, and what it wants to hear. All pure.

Shape: the Terraform provider's *_webhook resources and jfrog.com/help, domain-artifact and domain-docker.
"""

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase

import msgspec
from yarl import URL

from jfrog_standin.artifactory.repository import Repository, RepositoryClass

EVENTS: Mapping[str, frozenset[str]] = {
    "artifact": frozenset(("deployed", "deleted", "moved", "copied", "cached")),
    "docker": frozenset(("pushed", "deleted", "promoted")),
    "artifact_property": frozenset(("added", "deleted")),
}
"""Domains and their events; `moved`, `copied` and `promoted` happen here as what they consist of."""

KEY = re.compile(r"\S{2,200}")


class Criteria(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Of which repositories and paths; patterns as in Ant."""

    any_local: bool = False
    any_remote: bool = False
    any_federated: bool = False
    repo_keys: tuple[str, ...] = ()
    include_patterns: tuple[str, ...] = ()
    exclude_patterns: tuple[str, ...] = ()

    def hold(self, repository: Repository, path: str) -> bool:
        any_of: dict[RepositoryClass, bool] = {
            "local": self.any_local, "remote": self.any_remote, "federated": self.any_federated
        }  # fmt: skip
        named = {repository.key, repository.storage_key} & set(self.repo_keys)
        if not named and not any_of.get(repository.rclass, False):
            return False
        included = not self.include_patterns or any(_matches(path, one) for one in self.include_patterns)
        return included and not any(_matches(path, one) for one in self.exclude_patterns)


class EventFilter(msgspec.Struct, frozen=True, kw_only=True):
    domain: str
    event_types: tuple[str, ...]
    criteria: Criteria = Criteria()


class Header(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    value: str


class EventHandler(msgspec.Struct, frozen=True, kw_only=True):
    """Whom to call. The secret is sent in the clear, or signs the body instead."""

    handler_type: str = "webhook"
    url: str
    secret: str = ""
    use_secret_for_signing: bool = False
    proxy: str = ""
    custom_http_headers: tuple[Header, ...] | None = None


class Subscription(msgspec.Struct, frozen=True, kw_only=True):
    key: str
    description: str = ""
    enabled: bool = True
    event_filter: EventFilter
    handlers: tuple[EventHandler, ...]


def broken(subscription: Subscription) -> str | None:
    """Say why the event service would not take a subscription."""
    known = EVENTS.get(subscription.event_filter.domain)
    if not KEY.fullmatch(subscription.key):
        return "key must have 2 to 200 characters and no spaces"
    if known is None or not known.issuperset(subscription.event_filter.event_types):
        return "event_filter names an unknown domain or event type"
    if not subscription.handlers:
        return "at least one handler is required"
    for handler in subscription.handlers:
        if handler.handler_type != "webhook" or not _is_url(handler.url):
            return "only handlers of type webhook with an http or https url are imitated"
    return None


def _is_url(text: str) -> bool:
    try:
        url = URL(text)
    except ValueError:
        return False
    return url.scheme in {"http", "https"} and bool(url.host)


def _matches(path: str, pattern: str) -> bool:
    """Match as Ant does, near enough: `**` and `*` both go over slashes."""
    return fnmatchcase(path, pattern.replace("**/", "*").replace("**", "*"))
