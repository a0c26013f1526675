"""Days of a small platform, drawn at random: what happens on them, and how they are read."""

from collections.abc import Sequence

import msgspec
from hypothesis import strategies as st

from inventory.pond import Flaw, Pond
from inventory.rules import Scan, World
from jfrog_standin.faults import Fault, Params
from jfrog_standin.xray.scan import ScanStatus
from reedbed.inventory.connection.scope import Filters

REPOSITORIES = ("a-local", "b-local")
PATHS = ("app", "web")
TAGS = ("1", "2")
CONTENTS = ("c0", "c1", "c2", "c3")
FLAWS = (
    Flaw(1),
    Flaw(1, version="2.0.0"),
    Flaw(2),
    Flaw(3, package="lodash"),
    Flaw(4, package="lodash", has_cve=False),
)
STATUSES: dict[Scan, ScanStatus] = {"done": "DONE", "partial": "PARTIAL", "lost": "EXPIRED"}


class Push(msgspec.Struct, frozen=True):
    repository: str
    path: str
    tag: str
    content: str


class Delete(msgspec.Struct, frozen=True):
    repository: str
    path: str
    tag: str


class Rescan(msgspec.Struct, frozen=True):
    """Xray's database grew, or an advisory was taken back, or a scan was lost: the image is the same."""

    content: str
    flaws: tuple[Flaw, ...]
    scan: Scan


class Away(msgspec.Struct, frozen=True):
    """A repository is deleted, or comes back as it was."""

    repository: str


class Filter(msgspec.Struct, frozen=True):
    left_out: str | None


class Refuse(msgspec.Struct, frozen=True):
    """The files of the first repository can't be listed, today."""


class Trim(msgspec.Struct, frozen=True):
    """A listing has so many rows at most, from now on."""

    rows: int


Event = Push | Delete | Rescan | Away | Filter | Refuse | Trim


class Day(msgspec.Struct, frozen=True, kw_only=True):
    events: tuple[Event, ...]
    broken_off: tuple[int, ...] = ()  # after so many steps the run dies, and goes on then


WHERE = (st.sampled_from(REPOSITORIES), st.sampled_from(PATHS), st.sampled_from(TAGS))
SOME_FLAWS = st.lists(st.sampled_from(FLAWS), unique=True, max_size=3).map(tuple)
EVENTS = st.one_of(
    st.builds(Push, *WHERE, st.sampled_from(CONTENTS)),
    st.builds(Push, *WHERE, st.sampled_from(CONTENTS)),
    st.builds(Delete, *WHERE),
    st.builds(
        Rescan, st.sampled_from(CONTENTS), SOME_FLAWS, st.sampled_from(("done", "done", "partial", "lost"))
    ),
    st.builds(Rescan, st.sampled_from(CONTENTS), SOME_FLAWS, st.just("done")),
    st.builds(Away, st.sampled_from(REPOSITORIES)),
    st.builds(Filter, st.sampled_from((None, None, "web", "b-local"))),
    st.builds(Refuse),
    st.builds(Trim, st.sampled_from((1, 3, 500_000))),
)
DAYS = st.builds(
    Day,
    events=st.lists(EVENTS, min_size=1, max_size=4).map(tuple),
    broken_off=st.lists(st.integers(1, 40), max_size=2).map(tuple),
)
BEGINNING = Day(
    events=(
        Rescan("c0", (FLAWS[0], FLAWS[2]), "done"),
        Rescan("c1", (FLAWS[1], FLAWS[3], FLAWS[4]), "done"),
        Push("a-local", "app", "1", "c0"),
        Push("a-local", "app", "2", "c1"),
        Push("b-local", "web", "1", "c0"),
    )
)


def begin(pond: Pond) -> World:
    for key in REPOSITORIES:
        pond.add_repository(key)
    return World(flaws=dict.fromkeys(CONTENTS, ()))


def happen(events: Sequence[Event], world: World, pond: Pond) -> None:
    """Let all of a day happen, on the platform and in the world that the rules read."""
    world.refused = None
    pond.standin.platform.faults.clear()
    for event in events:
        _happen(event, world, pond)
    if Refuse() in events:
        listed = [r for r in REPOSITORIES if r not in world.away and r != world.left_out]
        world.refused = next(iter(listed), None)


def _happen(event: Event, world: World, pond: Pond) -> None:
    match event:
        case Push(repository, path, tag, content):
            if repository not in world.away:
                world.tags[repository, path, tag] = content
                _push(world, pond, (repository, path, tag))
        case Delete(repository, path, tag):
            if repository not in world.away and (repository, path, tag) in world.tags:
                del world.tags[repository, path, tag]
                pond.delete(repository, path, tag)
        case Rescan(content, flaws, scan):
            world.flaws[content], world.scans[content] = flaws, scan
            pond.find(pond.digest_of(content), *flaws, status=STATUSES[scan])
        case Away(repository):
            _toggle(repository, world, pond)
        case Filter(left_out):
            _filter(left_out, world, pond)
        case Trim(rows):
            pond.standin.platform.switch(aql_max_rows=rows)
        case Refuse():
            _refuse(world, pond)


def _filter(left_out: str | None, world: World, pond: Pond) -> None:
    world.left_out = left_out
    out = (left_out,) if left_out else ()
    filters = Filters(not_repositories=out) if left_out in REPOSITORIES else Filters(not_images=out)
    pond.scope = msgspec.structs.replace(pond.scope, filters=filters)


def _refuse(world: World, pond: Pond) -> None:
    """Refuse the first listing of the day; whatever else happens on it decides whose that is."""
    pond.standin.platform.faults.clear()
    pond.standin.platform.faults.add(
        Fault(kind="status", path="/artifactory/api/search/aql", count=1, params=Params(status=403))
    )


def _push(world: World, pond: Pond, tag: tuple[str, str, str]) -> None:
    content = world.tags[tag]
    scan = STATUSES[world.scans.get(content, "done")]
    pond.push(*tag, content, *world.flaws[content], status=scan)


def _toggle(repository: str, world: World, pond: Pond) -> None:
    if repository not in world.away:
        world.away.add(repository)
        pond.remove_repository(repository)
        return
    world.away.discard(repository)
    pond.add_repository(repository)
    for tag in world.tags:
        if tag[0] == repository:
            _push(world, pond, tag)
