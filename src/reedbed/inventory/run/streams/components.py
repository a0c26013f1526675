"""All that is installed in images: Xray's export of each, in a full run. Acts.

What its summary names is taken in with the images, in every run. The export names all, but takes a call for
each image, so only a full run asks for it. An image whose export can't be had keeps what is known of it.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection

from reedbed.errors import ReedbedError
from reedbed.inventory.records.landing import landing_of
from reedbed.inventory.run.context import Mode, Sync
from reedbed.inventory.run.streams.outcome import Outcome
from reedbed.jfrog.artifactory import storages
from reedbed.jfrog.component_export import export
from reedbed.jfrog.sbom import Sbom
from reedbed.jfrog.wire import Repo
from reedbed.model.inventory import Stream
from reedbed.store.inventory import landed, scanned, software
from reedbed.store.inventory.filed import Filed

MODEL = "software"
AT_ONCE = 8
"""The platform's own limits hold besides."""


class _Got(msgspec.Struct, frozen=True, kw_only=True):
    of: Filed
    sbom: Sbom | None  # None: it could not be had


async def read(run: Sync, repositories: Sequence[Repo]) -> Outcome:
    """Export what was scanned, where the run is a full one.

    Raises:
        Unreachable: the store does not answer.
    """
    exported = gaps = 0
    repaired: Counter[str] = Counter()  # what was mended → in how many exports
    if run.mode is Mode.FULL:
        for repo in repositories:
            after: str = ""
            while some := await run.db.read(
                scanned.page, run.connection, repo.key, model=MODEL, run=run.id, after=after, limit=AT_ONCE
            ):
                if run.leaving():
                    return Outcome(complete=False, gaps=gaps)
                got = await asyncio.gather(*(_export(run, repo, each) for each in some))
                await run.db.write(_save, run, got)
                exported += sum(each.sbom is not None for each in got)
                gaps += sum(each.sbom is None for each in got)
                repaired.update(fault for each in got if each.sbom for fault in each.sbom.repaired)
                after = some[-1].asset
    for fault, number in sorted(repaired.items()):
        what = f"{fault} in {number} of {exported} exports"
        await run.tell("info", "sbom-repaired", what, stream=Stream.COMPONENTS)
    known = await run.db.read(software.count, run.connection)
    counts = {"software": known, "exported": exported}
    return Outcome(complete=run.mode is Mode.FULL and not gaps, gaps=gaps, counts=counts)


async def _export(run: Sync, repo: Repo, of: Filed) -> _Got:
    item = f"{of.repository}/{of.path}:{of.tag}"
    key = next(iter(storages([repo])), repo.key)
    try:
        sbom = await export(run.jfrog, key, of.file, repo.packageType.lower())
    except ReedbedError as error:
        await run.tell("warning", "not-exported", error.why, stream=Stream.COMPONENTS, item=item)
        return _Got(of=of, sbom=None)
    return _Got(of=of, sbom=sbom)


def _save(connection: Connection, run: Sync, got: Sequence[_Got]) -> None:
    whole = {
        each.of.asset: [msgspec.structs.asdict(part) for part in each.sbom.software]
        for each in got
        if each.sbom is not None
    }
    software.replace(connection, whole)
    records = [landing_of(MODEL, each.of.asset, each.sbom) for each in got if each.sbom is not None]
    landed.land(connection, run.connection, records, run=run.id, now=run.now())
