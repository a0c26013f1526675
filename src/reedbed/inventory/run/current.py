"""Bringing the policy on current images to the tags of repositories, after a listing. Acts.

When a tag was last downloaded Artifactory tells. Reedbed's own reading of an image counts as a download
there, once for each content; so what is new to it counts as used for a while.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, timedelta

from sqlalchemy import Connection

from reedbed.errors import ReedbedError
from reedbed.inventory.connection.current import Current, Tag, judged
from reedbed.inventory.run.context import Sync
from reedbed.jfrog.artifactory import Artifactory
from reedbed.jfrog.images import used_since
from reedbed.model.inventory import Stream
from reedbed.store.inventory import currency

PATHS = 200


async def settle(run: Sync, repositories: Mapping[str, str]) -> None:
    """Let tags count or not, in repositories by where their files are; without a policy all do.

    Where Artifactory does not say which tags were downloaded, what hangs on that stays as it was.
    """
    policy = run.scope.current
    if policy == Current():
        return
    for at, key in repositories.items():
        used = await _used(run, at, key) if policy.used_within_days is not None else None
        after = ""
        while paths := await run.db.read(currency.paths, run.connection, key, after=after, limit=PATHS):
            await run.db.write(_judge, run, key, paths, used)
            after = paths[-1]


async def _used(run: Sync, at: str, key: str) -> Collection[tuple[str, str]] | None:
    since = run.started_at.astimezone(UTC) - timedelta(days=run.scope.current.used_within_days or 0)
    try:
        return {pair async for pair in used_since(Artifactory(run.jfrog), at, since)}
    except ReedbedError as error:
        await run.tell("warning", "downloads-not-read", error.why, stream=Stream.IMAGES, item=key)
        return None


def _judge(
    connection: Connection,
    run: Sync,
    key: str,
    paths: Sequence[str],
    used: Collection[tuple[str, str]] | None,
) -> None:
    rows = currency.tags(connection, run.connection, key, paths)
    known = {
        Tag(repository=key, path=row.path, tag=row.tag, uploaded_at=row.uploaded_at): row.current
        for row in rows
    }
    now = judged(run.scope.current, known.keys(), used, now=run.started_at)
    for current in (True, False):
        changed = [
            (tag.path, tag.tag) for tag, is_ in now.items() if is_ is current and known[tag] is not current
        ]
        currency.count(connection, run.connection, key, changed, current=current)
