"""The properties of many files: what Artifactory, builds and people have written on them.

A query that includes properties joins them: its limit counts joined rows, and its order is not kept. So it is
asked without a limit for what lies between two folders, and asked again in halves where the answer was
trimmed. Source: jfrog.com/help, Artifactory Query Language, domain fields; jfrog/jfrog-skills.
"""

from collections.abc import AsyncGenerator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from reedbed.errors import Unreadable
from reedbed.jfrog import aql
from reedbed.jfrog.artifactory import Artifactory
from reedbed.jfrog.images import INDEX, MANIFEST
from reedbed.jfrog.wire import Item

Properties = Mapping[str, tuple[str, ...]]


class Placed(msgspec.Struct, frozen=True, kw_only=True):
    """A file of an image, or of a package, with its properties."""

    path: str  # below the repository, with the file's name
    properties: Properties


async def properties_between(
    artifactory: Artifactory, repository: str, folders: Sequence[str], *, manifests: bool
) -> AsyncGenerator[list[Placed], None]:
    """Read the properties of the files in some folders, which are in order; one without any may be missing.

    One query, which asks for everything from the first folder to the last.

    Raises:
        Unreachable, Refused: as any query.
        Unreadable: the properties of one folder alone are more than the server gives.
    """
    if not folders:
        return
    within = {"$and": [{"path": {"$gte": folders[0]}}, {"path": {"$lte": folders[-1]}}]}
    criteria = {"$and": [{"repo": repository}, within, *([_MANIFESTS] if manifests else [])]}
    answer = await artifactory.query(aql.find_items(criteria, include=_INCLUDE))
    if not answer.trimmed:
        yield [_placed(item) for item in answer.results]
        return
    if len(folders) == 1:
        raise _too_many(repository, folders[0])
    middle = len(folders) // 2
    for half in (folders[:middle], folders[middle:]):
        async for some in properties_between(artifactory, repository, half, manifests=manifests):
            yield some


async def properties_updated(
    artifactory: Artifactory, repository: str, after: datetime, *, manifests: bool
) -> list[Placed]:
    """Read the properties of the files that were updated since; setting one counts, on most releases.

    Raises:
        Unreachable, Refused: as any query.
        Unreadable: they are more than the server gives.
    """
    moment = after.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    parts: list[Mapping[str, Any]] = [{"repo": repository}, {"updated": {"$gt": moment}}]
    criteria = {"$and": [*parts, *([_MANIFESTS] if manifests else [])]}
    answer = await artifactory.query(aql.find_items(criteria, include=_INCLUDE))
    if answer.trimmed:
        raise _too_many(repository, f"what was updated since {moment}")
    return [_placed(item) for item in answer.results]


_INCLUDE = ("property.*",)
_MANIFESTS = {"$or": [{"name": MANIFEST}, {"name": INDEX}]}


def _placed(item: Item) -> Placed:
    found: dict[str, list[str]] = {}
    for each in item.properties:
        found.setdefault(each.key, []).append(each.value or "")
    return Placed(path=item.full_path, properties={key: tuple(values) for key, values in found.items()})


def _too_many(repository: str, where: str) -> Unreadable:
    return Unreadable(
        f"Could not read the properties in {repository}",
        why=f"the answer for {where} was trimmed by the server",
        fix="Raise artifactory.aql's limit of rows, or run a reconcile.",
    )
