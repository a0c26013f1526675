"""What repositories are for and how much they hold, as far as the token's user may see it. Acts.

What may not be seen is a gap that the run's log tells, and no error: the repositories are listed anyway.
"""

from collections.abc import Collection, Mapping, Sequence

import msgspec

from reedbed.errors import ReedbedError, Refused
from reedbed.inventory.run.context import Mode, Sync
from reedbed.jfrog import repository_facts as jfrog
from reedbed.jfrog.repository_facts import Configuration, Usage
from reedbed.jfrog.wire import Repo
from reedbed.model.inventory import Stream
from reedbed.model.records import RepositoryRecord
from reedbed.store.inventory import landed

REPOSITORY = "repository"
"""The source model of repositories."""

MOST_ALONE = 500
"""More repositories than that are not asked for one by one."""


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What is told beside the list, by key. A repository that is in neither may have been kept from us."""

    configurations: dict[str, Configuration] = {}
    usage: dict[str, Usage] = {}


async def facts_of(run: Sync, repositories: Sequence[Repo]) -> Facts:
    """Read what there is to know, in two calls; who may not, asks for the repositories one by one."""
    return Facts(configurations=await _configurations(run, repositories), usage=await _usage(run))


async def known_before(run: Sync, keys: Collection[str]) -> Mapping[str, RepositoryRecord]:
    """Give the records of repositories that were landed last, by key."""
    bodies = await run.db.read(landed.newest, run.connection, REPOSITORY, keys)
    return {key: msgspec.json.decode(body, type=RepositoryRecord) for key, body in bodies.items()}


async def _configurations(run: Sync, repositories: Sequence[Repo]) -> dict[str, Configuration]:
    try:
        return await jfrog.configurations(run.jfrog)
    except ReedbedError as error:
        alone = isinstance(error, Refused) and run.mode is not Mode.DELTA
        found = await _one_by_one(run, repositories[:MOST_ALONE]) if alone else {}
        if not found:
            await run.tell("info", "configurations-not-read", error.why, stream=Stream.REPOSITORIES)
        return found


async def _one_by_one(run: Sync, repositories: Sequence[Repo]) -> dict[str, Configuration]:
    """Ask for each, until one tells no more than the list does: so it is for all that follow."""
    found: dict[str, Configuration] = {}
    for repo in repositories:
        try:
            each = await jfrog.configuration(run.jfrog, repo.key)
        except ReedbedError:
            break
        if each.project_key is None and each.xray_index is None and each.repositories is None:
            break
        found[repo.key] = each
    return found


async def _usage(run: Sync) -> dict[str, Usage]:
    try:
        return await jfrog.storage(run.jfrog)
    except ReedbedError as error:
        await run.tell("info", "storage-not-read", error.why, stream=Stream.REPOSITORIES)
        return {}
