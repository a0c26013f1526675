"""Artifactory: its repositories, its files, and which releases it serves to whom asks.

Source: RepositoriesApi, ItemManagementAPIsApi and SearchesApi of JFrog's merged OpenAPI.
"""

import hashlib
from collections.abc import AsyncGenerator, Collection, Iterable, Sequence
from datetime import UTC, datetime
from typing import Literal

import msgspec

from reedbed.errors import Refused, Unreadable
from reedbed.jfrog import aql
from reedbed.jfrog.causes import Cause, Failure
from reedbed.jfrog.exchange import Answer, Call
from reedbed.jfrog.layouts import REPOSITORY_TYPES, criteria_of, release_of
from reedbed.jfrog.session import JFrog
from reedbed.jfrog.wire import Item, Items, Repo
from reedbed.model.ecosystem import PackageType
from reedbed.model.purl import Purl

PAGE_ROWS = 1_000
AQL_BYTES = 64 * 1024 * 1024
ROOM_FOR_REPOSITORIES = 2_000
"""Characters of a query that may name repositories; where more are needed, the answer is sifted instead."""

Verdict = Literal["served", "blocked", "forbidden", "missing"]


class Download(msgspec.Struct, frozen=True, kw_only=True):
    """What Artifactory does when somebody downloads a file."""

    verdict: Verdict  # "missing" through a virtual repository may mean “blocked in one of its members”
    status: int
    said: str  # JFrog's own sentence


class Release(msgspec.Struct, frozen=True, kw_only=True):
    """A release that Artifactory has a file of."""

    package: Purl
    version: str | None  # None: its path does not tell
    repository: str  # "npm-local", "npm-remote-cache"
    path: str  # with the file's name
    downloads: int | None  # None: Artifactory does not say
    last_downloaded_at: datetime | None = None  # None: never, or Artifactory does not say


class Served(msgspec.Struct, frozen=True, kw_only=True):
    """What Artifactory serves of some packages; of those in `not_known` it could not be found out."""

    releases: tuple[Release, ...]
    not_known: dict[Purl, str]  # the reason


class Artifactory:
    """The Artifactory of one platform."""

    def __init__(self, jfrog: JFrog) -> None:
        self._jfrog = jfrog

    async def repositories(self) -> list[Repo]:
        """List all the repositories that the token's user may see; there are no pages."""
        call = Call(method="GET", route="/artifactory/api/repositories", doing="list the repositories")
        return await self._jfrog.fetch(call, list[Repo])

    # Files

    async def upload(self, repository: str, path: str, body: bytes) -> None:
        """Put a file into a local repository, with the checksums that it must arrive with."""
        digests = {
            "X-Checksum-Sha1": hashlib.sha1(body, usedforsecurity=False).hexdigest(),
            "X-Checksum-Sha256": hashlib.sha256(body).hexdigest(),
            "X-Checksum-Md5": hashlib.md5(body, usedforsecurity=False).hexdigest(),
        }
        doing, needs = f"upload {path} to {repository}", f"permission to deploy to {repository}"
        await self._jfrog.tell(
            _on_file("PUT", repository, path, doing=doing, needs=needs, send=body, headers=digests)
        )

    async def delete(self, repository: str, path: str) -> bool:
        """Delete a file or folder; False: there was none."""
        doing, needs = f"delete {path} of {repository}", f"permission to delete in {repository}"
        try:
            await self._jfrog.tell(_on_file("DELETE", repository, path, doing=doing, needs=needs))
        except Refused as refused:
            if refused.status == 404:
                return False
            raise
        return True

    async def download(self, repository: str, path: str) -> Download:
        """Try to download a file as anybody would, and say what came of it; the file itself is not kept.

        Raises:
            Unreachable, Unreadable: as any call.
            Refused: the platform does not take the token.
        """
        call = _on_file("GET", repository, path, doing=f"download {path} from {repository}", reads="raw")
        outcome = await self._jfrog.outcome(call)
        found = verdict_of(outcome)
        if found is None and isinstance(outcome, Failure):
            raise outcome.error(call.doing, needs=call.needs)
        said = outcome.seen if isinstance(outcome, Failure) else ""
        return Download(verdict=found or "served", status=outcome.status, said=said)

    # Searches

    async def query(self, text: str) -> Items:
        """Make one AQL query; an answer that was cut off is asked for again.

        Raises:
            Refused: the query is not valid (JFrog says why in plain text), or the user may not search.
        """
        call = Call(
            method="POST",
            route="/artifactory/api/search/aql",
            doing="search Artifactory",
            send=text.encode(),
            headers={"Content-Type": "text/plain"},
            max_bytes=AQL_BYTES,
        )
        return await self._jfrog.fetch(call, Items)

    async def items(
        self, repository: str, criteria: aql.Criteria, *, include: Sequence[str] = ()
    ) -> AsyncGenerator[Item, None]:
        """List the files of one repository, by path and name, a page at a time.

        Rows that the user may not read are taken out after the limit was applied, so a short page, or an
        empty one, proves nothing: the end is where a query without a limit finds no more.

        Raises:
            Unreachable, Refused: as any query; what was not listed then is not known.
            Unreadable: as any query, or so many files in a row are hidden from the user that Artifactory's
                own limit ends the answer before one that is not, and there is no name to go on from.
        """
        within: aql.Criteria = {"$and": [{"repo": repository}, criteria]}
        limit: int | None = PAGE_ROWS
        rest = within
        while True:
            text = aql.find_items(rest, include=include, sort=("path", "name"), limit=limit)
            page = await self.query(text)
            for item in page.results:
                yield item
            if not page.results and limit is None:
                if page.trimmed:
                    raise _hidden(repository)
                return
            limit = None if not page.results else PAGE_ROWS
            if page.results:
                rest = aql.after(within, page.results[-1].path, page.results[-1].name)

    async def released(self, packages: Iterable[Purl]) -> Served:
        """Find the files of packages, and how often each was downloaded.

        Looks into local repositories and into the caches of remotes, in few queries however many packages.
        Of a package type without repositories nothing is served, wherever its files would lie.
        """
        by_type: dict[PackageType, list[Purl]] = {}
        for package in sorted(set(packages)):
            by_type.setdefault(package.type, []).append(package)
        repositories = await self.repositories() if by_type else []
        releases: list[Release] = []
        not_known: dict[Purl, str] = {}
        for package_type, named in by_type.items():
            words = REPOSITORY_TYPES.get(package_type, frozenset())
            keys = storage_keys([repo for repo in repositories if repo.packageType.lower() in words])
            if keys:
                releases += await self._released(package_type, named, keys, not_known)
        return Served(releases=tuple(releases), not_known=not_known)

    async def _released(
        self,
        package_type: PackageType,
        packages: Iterable[Purl],
        keys: Sequence[str],
        not_known: dict[Purl, str],
    ) -> list[Release]:
        wanted: dict[Purl, aql.Criteria] = {}
        for package in packages:
            criteria = criteria_of(package)
            if criteria is None:
                not_known[package] = f"where Artifactory keeps this {package.type} package is not known"
            else:
                wanted[package] = criteria
        named = keys if sum(len(key) + 12 for key in keys) <= ROOM_FOR_REPOSITORIES else []
        frame = len(aql.find_items(aql.any_of([], repositories=named), include=_DOWNLOADS))
        found: list[Item] = []
        for group in aql.chunks(list(wanted.items()), aql.LONGEST_QUERY - frame):
            found += await self._all(group, named, not_known)
        releases = (_release(package_type, item) for item in found if item.repo in set(keys))
        return [release for release in releases if release is not None and release.package in wanted]

    async def _all(
        self,
        group: Sequence[tuple[Purl, aql.Criteria]],
        keys: Sequence[str],
        not_known: dict[Purl, str],
    ) -> list[Item]:
        """Ask for all at once; halve what was trimmed, until each part comes whole."""
        criteria = aql.any_of([one for _, one in group], repositories=keys)
        answer = await self.query(aql.find_items(criteria, include=_DOWNLOADS))
        if answer.trimmed and len(group) == 1:
            not_known[group[0][0]] = f"Artifactory lists {len(answer.results)} of its files, and has more"
        if not answer.trimmed or len(group) == 1:
            return list(answer.results)
        middle = len(group) // 2
        halves = group[:middle], group[middle:]
        return [item for half in halves for item in await self._all(half, keys, not_known)]


def _hidden(repository: str) -> Unreadable:
    return Unreadable(
        f"Could not list {repository} to its end",
        why="Artifactory's limit of rows was reached by files that the token's user may not read",
        fix=f"Give the token's user permission to read all of {repository}, or leave it out.",
    )


_DOWNLOADS = ("stat.downloads", "stat.downloaded")


def storage_keys(repositories: Collection[Repo]) -> list[str]:
    """Name where the files of repositories are, in order."""
    return list(storages(repositories))


def storages(repositories: Collection[Repo]) -> dict[str, str]:
    """Tell by where files are the repository that has them, in order.

    A remote's are in its cache, a virtual one's with its members. Others may be named like a cache.
    """
    at = {"LOCAL": "{}", "FEDERATED": "{}", "REMOTE": "{}-cache"}
    found = {at[r.type.upper()].format(r.key): r.key for r in repositories if r.type.upper() in at}
    return dict(sorted(found.items()))


def verdict_of(outcome: Answer | Failure) -> Verdict | None:
    """Read from an answer whether a download was let through; None: the answer does not say.

    A redirect to a store in the cloud is a download, and so is a file too large to be read to its end.
    """
    if isinstance(outcome, Answer):
        return "served"
    if outcome.cause is Cause.REDIRECT or (outcome.cause is Cause.TOO_LARGE and outcome.status < 300):
        return "served"
    if outcome.cause is Cause.FORBIDDEN:
        # “… not downloaded due to the download blocking policy configured in Xray for …”, “… was blocked by
        # JFrog Packages Curation service …”: github.com/sobolevn/git-secret issue 801; jfrog-cli-security
        return "blocked" if "block" in outcome.seen.lower() else "forbidden"
    return "missing" if outcome.cause is Cause.NOT_FOUND else None


def _release(package_type: PackageType, item: Item) -> Release | None:
    found = release_of(package_type, item.path, item.name)
    if found is None:
        return None
    return Release(
        package=found[0],
        version=found[1],
        repository=item.repo,
        path=item.full_path,
        downloads=sum(stat.downloads for stat in item.stats) if item.stats else None,
        last_downloaded_at=max(filter(None, (_moment(stat.downloaded) for stat in item.stats)), default=None),
    )


def _moment(text: str | None) -> datetime | None:
    """Read a moment; one that can't be read is worth no more than none, for nothing hangs on it."""
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _on_file(
    method: Literal["GET", "PUT", "DELETE"],
    repository: str,
    path: str,
    *,
    doing: str,
    needs: str = "permission to read it",
    send: bytes | None = None,
    headers: dict[str, str] | None = None,
    reads: Literal["json", "raw"] = "json",
) -> Call:
    return Call(
        method=method,
        route="/artifactory/{repository}/{path}",
        at={"repository": repository, "path": path},
        doing=doing,
        needs=needs,
        send=send,
        headers=headers or {},
        reads=reads,
    )
