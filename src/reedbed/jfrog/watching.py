"""Xray's policies, watches and indexing: what turns a custom issue into a refused download.

Source: PoliciesV2Api and WatchesV2Api of JFrog's merged OpenAPI; for indexing
terraform-provider-xray, resource_xray_binary_manager_repos.go; for applyWatch
jfrog.com/help/r/xray-rest-apis/apply-watch-on-existing-content.
"""

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any, Literal, TypeVar

import msgspec

from reedbed.errors import Refused, Unreadable
from reedbed.jfrog.exchange import JSON, Call, json_body
from reedbed.jfrog.session import JFrog
from reedbed.jfrog.wire import IndexedRepo, Indexing, Policy, Watch

T = TypeVar("T")

POLICIES = "the Xray role “Manage Policies”"
WATCHES = "the Xray role “Manage Watches”"
RESOURCES = "the Xray role “Manage Resources”"

_ALL_POLICIES, _ONE_POLICY = "/xray/api/v2/policies", "/xray/api/v2/policies/{name}"
_ALL_WATCHES, _ONE_WATCH = "/xray/api/v2/watches", "/xray/api/v2/watches/{name}"
_INDEXING = "/xray/api/v1/binMgr/default/repos"

THE_EPOCH = datetime(1970, 1, 2, tzinfo=UTC)
"""applyWatch wants a start, and none before the epoch in any time zone."""


class Watching:
    """The policies, watches and indexing of one Xray; a method is one request but where it says otherwise."""

    def __init__(self, jfrog: JFrog) -> None:
        self._jfrog = jfrog

    # Policies

    async def policies(self) -> list[Policy]:
        call = Call(method="GET", route=_ALL_POLICIES, doing="list policies", needs=POLICIES)
        return await self._jfrog.fetch(call, list[Policy])

    async def create_policy(self, policy: Policy) -> None:
        call = _sending("POST", _ALL_POLICIES, policy, doing=f"create policy {policy.name}", needs=POLICIES)
        await self._jfrog.tell(call)

    async def replace_policy(self, policy: Policy) -> None:
        doing = f"update policy {policy.name}"
        await self._jfrog.tell(_sending("PUT", _ONE_POLICY, policy, policy.name, doing=doing, needs=POLICIES))

    # Watches

    async def watches(self) -> list[Watch]:
        call = Call(method="GET", route=_ALL_WATCHES, doing="list watches", needs=WATCHES)
        return await self._jfrog.fetch(call, list[Watch])

    async def watch_body(self, name: str) -> dict[str, Any] | None:
        """Read a watch with every field it has, as is needed to write it again without losing any."""
        call = _naming(_ONE_WATCH, name, "read watch", WATCHES)
        return await self._found(call, dict[str, Any])

    async def create_watch(self, watch: Watch) -> None:
        call = _sending("POST", _ALL_WATCHES, watch, doing=f"create watch {watch.name}", needs=WATCHES)
        await self._jfrog.tell(call)

    async def replace_watch(self, name: str, body: dict[str, Any]) -> None:
        call = _sending("PUT", _ONE_WATCH, body, name, doing=f"update watch {name}", needs=WATCHES)
        await self._jfrog.tell(call)

    async def apply_watch(self, name: str) -> None:
        """Have Xray look at what is there already: without it a watch sees only what comes."""
        until = datetime.now(UTC)
        body = {
            "watch_names": [name],
            "date_range": {"start_date": _rfc3339(THE_EPOCH), "end_date": _rfc3339(until)},
        }
        route = "/xray/api/v1/applyWatch"
        await self._jfrog.tell(_sending("POST", route, body, doing=f"apply watch {name}", needs=WATCHES))

    # Indexing

    async def indexing(self) -> Indexing:
        call = Call(
            method="GET", route=_INDEXING, doing="read which repositories are indexed", needs=RESOURCES
        )
        return await self._jfrog.fetch(call, Indexing)

    async def index(self, keys: Collection[str]) -> None:
        """Have Xray index repositories too. Those that it indexes already stay: three requests.

        PUT replaces the whole list, so what was there is read first and looked for again afterwards.

        Raises:
            Refused: Xray knows no such repository, or the token's user may not.
            Unreadable: a repository that should be indexed is not, perhaps because two wrote at once.
        """
        before = await self.indexing()
        wanted = with_indexed(before, keys)
        if wanted == before:
            return
        doing = "have repositories indexed"
        await self._jfrog.tell(_sending("PUT", _INDEXING, wanted, doing=doing, needs=RESOURCES))
        after = {repo.name for repo in (await self.indexing()).indexed_repos or ()}
        lost = {repo.name for repo in wanted.indexed_repos or ()} - after
        if lost:
            raise Unreadable(
                "Could not prove that the repositories are indexed",
                why=f"Xray took the list, and shows it without {', '.join(sorted(lost))}",
                fix="Look at Xray's settings, “Indexed Resources”, and try again.",
            )

    # What becomes of a call

    async def _found(self, call: Call, returns: type[T]) -> T | None:
        try:
            return await self._jfrog.fetch(call, returns)
        except Refused as refused:
            if refused.status == 404:
                return None
            raise


def _naming(route: str, name: str, what: str, needs: str) -> Call:
    return Call(method="GET", route=route, at={"name": name}, doing=f"{what} {name}", needs=needs)


def _sending(
    method: Literal["POST", "PUT"], route: str, body: object, name: str = "", *, doing: str, needs: str
) -> Call:
    return Call(
        method=method,
        route=route,
        at={"name": name},
        doing=doing,
        needs=needs,
        send=json_body(body),
        headers=JSON,
        repeatable=method == "PUT",  # what a POST has made already, it refuses to make again
    )


def with_indexed(lists: Indexing, keys: Collection[str]) -> Indexing:
    """Move repositories into the indexed list; nothing leaves it.

    Raises:
        Refused: a repository is in neither list.
    """
    indexed, others = lists.indexed_repos or (), lists.non_indexed_repos or ()
    unknown = set(keys) - {repo.name for repo in (*indexed, *others)}
    if unknown:
        raise Refused(
            "Could not have repositories indexed",
            why=f"Xray knows no {', '.join(sorted(unknown))}, or the token's user may not see it",
            fix="Check the names; a virtual repository can't be indexed, its members can.",
        )
    moved: tuple[IndexedRepo, ...] = tuple(repo for repo in others if repo.name in keys)
    return msgspec.structs.replace(
        lists,
        indexed_repos=(*indexed, *moved),
        non_indexed_repos=tuple(repo for repo in others if repo.name not in keys),
    )


def _rfc3339(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
