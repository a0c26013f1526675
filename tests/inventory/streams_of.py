"""What the tests of streams ask of a pond: how its streams ended, and what is in the store."""

from typing import Any

from sqlalchemy import Connection, select

from inventory.pond import CONNECTION, Flaw, Pond
from jfrog_standin.faults import Fault, Params
from jfrog_standin.xray.scan import License, Scan, ScannedComponent
from reedbed.inventory.connection.scope import DEFAULT_STREAMS, Scope
from reedbed.inventory.run.context import Mode
from reedbed.jfrog.exchange import JSON, Call, json_body
from reedbed.model.inventory import FindingType, Status, Stream
from reedbed.store.inventory import streams
from reedbed.store.inventory.assets import ASSET_TAGS, ASSETS
from reedbed.store.inventory.findings import FINDINGS
from reedbed.store.inventory.streams import RunStream
from reedbed.store.runs import RUNS

POLICIES, WATCHES = "/xray/api/v2/policies", "/xray/api/v2/watches"
Ended = dict[Stream, RunStream]


def choose(pond: Pond, *more: Stream) -> None:
    """Let the connection read these streams too."""
    pond.scope = Scope(hold_share=1.0, streams=(*DEFAULT_STREAMS, *more))


async def sync(pond: Pond, mode: Mode = Mode.FULL) -> Ended:
    """Run, and say how each stream ended."""
    await pond.sync(mode)
    return await pond.db.read(_ended)


def _ended(connection: Connection) -> Ended:
    newest = select(RUNS.c.id).order_by(RUNS.c.started_at.desc(), RUNS.c.id.desc()).limit(1)
    return streams.of_run(connection, connection.execute(newest).scalar_one())


def refuse(pond: Pond, path: str, status: int = 403) -> None:
    """Let the platform refuse calls."""
    pond.standin.platform.faults.add(Fault(kind="status", path=path, params=Params(status=status)))


def allow(pond: Pond) -> None:
    for active in pond.standin.platform.faults.active():
        pond.standin.platform.faults.remove(active.id)


async def post(pond: Pond, route: str, body: Any) -> None:
    call = Call(method="POST", route=route, doing="set up", send=json_body(body), headers=JSON, reads="raw")
    await pond.jfrog.tell(call)


def part(name: str, *licences: License) -> ScannedComponent:
    return ScannedComponent(kind="npm", name=name, version="1.0.0", layer="ab" * 32, licenses=licences)


def put_scan(the: Pond, digest: str, *flaws: Flaw, **more: Any) -> None:
    scan = Scan(issues=tuple(flaw.issue() for flaw in flaws), **more)
    the.standin.platform.xray.put_scan(digest.removeprefix("sha256:"), scan)


async def have_it_watched(the: Pond) -> None:
    """Watch everything for issues that are High or worse."""
    actions = {"block_download": {"active": False, "unscanned": False}}
    rule = {"name": "r", "priority": 1, "criteria": {"min_severity": "High"}, "actions": actions}
    await post(the, POLICIES, {"name": "p", "type": "security", "rules": [rule]})
    watch = {
        "general_data": {"name": "w", "active": True},
        "project_resources": {"resources": [{"type": "all-repos", "filters": []}]},
        "assigned_policies": [{"name": "p", "type": "security"}],
    }
    await post(the, WATCHES, watch)


async def found(pond: Pond, kind: FindingType) -> dict[tuple[str, str, str], Status]:
    """The findings of one type: scope, vulnerability and component → status."""
    query = select(FINDINGS).where(FINDINGS.c.connection == CONNECTION, FINDINGS.c.type == kind)
    rows = await pond.db.read(lambda connection: connection.execute(query).all())
    return {(f"{row.repository}/{row.path}", row.vulnerability, row.component): row.status for row in rows}


async def tags(pond: Pond, native: str) -> set[tuple[str, str, str]]:
    """The tags of an asset: origin, key, value."""
    columns = (ASSET_TAGS.c.origin, ASSET_TAGS.c.key, ASSET_TAGS.c.value)
    query = select(*columns).join(ASSETS, ASSETS.c.id == ASSET_TAGS.c.asset).where(ASSETS.c.native == native)
    return {tuple(row) for row in await pond.db.read(lambda c: c.execute(query).all())}
