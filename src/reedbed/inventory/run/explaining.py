"""Why a connection's runs have brought nothing, or not all: what there is to say, and what to do. Pure."""

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from reedbed.inventory.connection.states import Last, Standing
from reedbed.inventory.findings.silence import why_no_findings
from reedbed.model.inventory import Coverage, Stream
from reedbed.store.inventory.brought import Brought


class Because(msgspec.Struct, frozen=True, kw_only=True):
    """A reason why there is not more, and what to do about it."""

    why: str
    fix: str


def explained(
    name: str,
    standing: Standing,
    streams: Sequence[Stream],
    there: Brought,
    told: Mapping[str, int],
) -> list[Because]:
    """Explain what a connection's newest run did not bring; nothing where there is nothing to explain.

    `told` are the codes of that run's log.
    """
    if standing.last is Last.NONE:
        fix = f"Begin one: reedbed sync run {name}. A draft has to pass reedbed connection test {name} first."
        return [Because(why="No run has read anything yet.", fix=fix)]
    return [
        *_of_run(name, standing),
        *_of_assets(name, streams, there, told),
        *_of_findings(name, streams, there),
    ]


def _of_run(name: str, standing: Standing) -> Iterator[Because]:
    match standing.last:
        case Last.PROCESSING | Last.CANCELLING:
            fix = f"Wait: reedbed sync status {name} shows how far it is. What was read can be asked for."
            yield Because(why=f"The run is under way, at {standing.phase}.", fix=fix)
        case Last.ERRORED:
            fix = f"reedbed connection test {name} names the cause; then reedbed sync retry {name}."
            yield Because(why=f"The newest run failed. {standing.because}", fix=fix)
        case Last.CANCELLED:
            fix = f"reedbed sync retry {name} reads the rest."
            yield Because(why="The newest run was cancelled before its end.", fix=fix)


def _of_assets(
    name: str, streams: Sequence[Stream], there: Brought, told: Mapping[str, int]
) -> Iterator[Because]:
    if refused := told.get("not-listed"):
        fix = f"reedbed sync log {name} says why; then reedbed sync retry {name}."
        yield Because(why=f"{refused} repositories could not be listed.", fix=fix)
    if not there.repositories:
        fix = f"Give its user read permission on them, or widen reedbed connection filter {name}."
        yield Because(
            why="No repository was listed: the token sees none, or the filters leave all out.", fix=fix
        )
    elif Stream.IMAGES not in streams:
        fix = f"reedbed connection edit {name} --stream docker-images --stream vulnerabilities"
        yield Because(why="The stream docker-images is not selected.", fix=fix)
    elif not there.of_images:
        why = f"None of {there.repositories} repositories is for images (Docker or OCI)."
        yield Because(why=why, fix=f"Look at what reedbed connection filter {name} leaves out.")
    elif not there.places and not refused:
        why = f"The {there.of_images} repositories of images hold no image that the token sees."
        yield Because(why=why, fix="Push one, or give the token's user read permission on what is there.")
    elif there.places and there.left_out == there.places:
        why = f"The filters leave out all {there.places} places of images."
        yield Because(why=why, fix=f"reedbed connection filter {name} shows them; widen what is let in.")


def _of_findings(name: str, streams: Sequence[Stream], there: Brought) -> Iterator[Because]:
    if Stream.IMAGES in streams and Stream.VULNERABILITIES not in streams:
        fix = f"reedbed connection edit {name} --stream docker-images --stream vulnerabilities"
        yield Because(why="The stream vulnerabilities is not selected, so no image has findings.", fix=fix)
        return
    images = sum(there.coverage.values())
    for coverage, many in sorted(there.coverage.items(), key=lambda each: -each[1]):
        if coverage is not Coverage.SCANNED:
            why, fix = why_no_findings(coverage or Coverage.UNKNOWN)
            word = coverage or Coverage.UNKNOWN
            yield Because(why=f"{many} of {images} images are {word}: {why}", fix=fix)
    if images and images == there.coverage.get(Coverage.SCANNED) and not there.findings:
        yield Because(why=f"Xray looked at all {images} images and knows of nothing.", fix="")
