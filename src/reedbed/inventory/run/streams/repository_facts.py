"""What repositories are for and how much they hold, as far as the token's user may see it. Acts.

What may not be seen is a gap that the run's log tells, and no error: the repositories are listed anyway.
"""

from collections.abc import Sequence

import msgspec

from reedbed.errors import ReedbedError, Refused
from reedbed.inventory.run.context import Mode, Sync
from reedbed.jfrog import repository_facts as jfrog
from reedbed.jfrog.repository_facts import Configuration, Usage
from reedbed.jfrog.wire import Repo
from reedbed.model.inventory import Stream

MOST_ALONE = 500
"""More repositories than that are not asked for one by one."""


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What is known beside the list, by key; `gaps` are the things that could not be seen."""

    configurations: dict[str, Configuration] = {}
    usage: dict[str, Usage] = {}
    gaps: int = 0
    unknown: tuple[str, ...] = ()  # columns of assets that nothing is known of: they stay as they were


async def facts_of(run: Sync, repositories: Sequence[Repo]) -> Facts:
    """Read what there is to know, in two calls; who may not, asks for the repositories one by one."""
    configurations = await _configurations(run, repositories)
    usage = await _usage(run)
    unknown = (
        *(("project", "xray_indexed") if configurations is None else ()),
        *(("size_bytes", "artifact_count") if usage is None else ()),
    )
    return Facts(
        configurations=configurations or {},
        usage=usage or {},
        gaps=(configurations is None) + (usage is None),
        unknown=unknown,
    )


async def _configurations(run: Sync, repositories: Sequence[Repo]) -> dict[str, Configuration] | None:
    try:
        return await jfrog.configurations(run.jfrog)
    except ReedbedError as error:
        alone = isinstance(error, Refused) and run.mode is not Mode.DELTA
        found = await _one_by_one(run, repositories[:MOST_ALONE]) if alone else {}
        if not found:
            await run.tell("info", "configurations-not-read", error.why, stream=Stream.REPOSITORIES)
        return found or None


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


async def _usage(run: Sync) -> dict[str, Usage] | None:
    try:
        return await jfrog.storage(run.jfrog)
    except ReedbedError as error:
        await run.tell("info", "storage-not-read", error.why, stream=Stream.REPOSITORIES)
        return None
