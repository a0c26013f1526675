"""Properties of single files, and moving files: what a quarantine is made of.

Source: ItemManagementAPIsApi of JFrog's merged OpenAPI. Setting properties needs Artifactory Pro and the
permission to annotate; moving needs delete here and deploy there.
"""

from collections.abc import Mapping
from typing import Literal

import msgspec

from reedbed.errors import Refused, Unreadable
from reedbed.jfrog.causes import Cause, Failure
from reedbed.jfrog.exchange import Call
from reedbed.jfrog.session import JFrog
from reedbed.jfrog.wire import FileInfo, FileProperties


class Place(msgspec.Struct, frozen=True):
    """Where a file lies."""

    repository: str
    path: str

    def __str__(self) -> str:
        return f"{self.repository}/{self.path}"


async def checksum(jfrog: JFrog, place: Place) -> str | None:
    """Give a file's SHA-256, "" where Artifactory does not say; None: there is no such file."""
    call = _on("GET", place, {}, doing=f"look at {place}")
    answer = await jfrog.try_fetch(call, FileInfo)
    if isinstance(answer, Failure):
        if answer.cause is Cause.NOT_FOUND and answer.from_service:
            return None
        raise answer.error(call.doing, needs=call.needs)
    return answer.checksums.sha256


async def read(jfrog: JFrog, place: Place) -> dict[str, list[str]]:
    """Give the properties of a file that is there; 404 is how Artifactory says that it has none."""
    call = _on("GET", place, {"properties": ""}, doing=f"read the properties of {place}")
    answer = await jfrog.try_fetch(call, FileProperties)
    if isinstance(answer, Failure):
        if answer.cause is Cause.NOT_FOUND and "No properties" in answer.seen:
            return {}
        raise answer.error(call.doing, needs=call.needs)
    return answer.properties


async def put(jfrog: JFrog, place: Place, properties: Mapping[str, str]) -> None:
    """Set properties, and prove it by reading back.

    Raises:
        Refused: the token's user may not annotate, or Artifactory did not keep them.
    """
    text = ";".join(f"{name}={_escaped(value)}" for name, value in properties.items())
    query = {"properties": text, "recursive": "0"}
    await jfrog.tell(_on("PUT", place, query, doing=f"set properties of {place}"))
    kept = await read(jfrog, place)
    if any(kept.get(name) != [value] for name, value in properties.items()):
        raise _not_done(f"set properties of {place}")


async def take(jfrog: JFrog, place: Place, *names: str) -> None:
    """Take properties away, and prove it by reading back. Raises as `put`."""
    query = {"properties": ",".join(names), "recursive": "0"}
    await jfrog.tell(_on("DELETE", place, query, doing=f"take properties of {place} away"))
    if not (await read(jfrog, place)).keys().isdisjoint(names):
        raise _not_done(f"take properties of {place} away")


async def move(jfrog: JFrog, source: Place, target: Place) -> None:
    """Move a file with its properties, and prove that it is there, the same, and here no more.

    Raises:
        Refused: something else is there, it is not permitted, or it did not arrive as it was.
    """
    before = await checksum(jfrog, source)
    if before is None:
        raise _not_done(f"move {source}", why="there is no such file")
    if await checksum(jfrog, target) is not None:
        raise _not_done(f"move {source}", why=f"there is a file at {target} already")
    call = Call(
        method="POST",
        route="/artifactory/api/move/{repository}/{path}",
        at={"repository": source.repository, "path": source.path},
        query={"to": f"/{target}"},
        doing=f"move {source} to {target}",
        needs=f"permission to delete in {source.repository} and to deploy to {target.repository}",
        repeatable=False,
    )
    await jfrog.tell(call)
    if await checksum(jfrog, target) != before or await checksum(jfrog, source) is not None:
        raise _not_done(f"move {source}", why=f"Artifactory said yes, and it is not at {target} as it was")


def _escaped(value: str) -> str:
    """Put a backslash before what separates properties and values."""
    return "".join(f"\\{c}" if c in "\\,;|=" else c for c in value)


def _on(method: Literal["GET", "PUT", "DELETE"], place: Place, query: dict[str, str], *, doing: str) -> Call:
    try:
        return Call(
            method=method,
            route="/artifactory/api/storage/{repository}/{path}",
            at={"repository": place.repository, "path": place.path},
            query=query,
            doing=doing,
            needs=f"permission to {'read' if method == 'GET' else 'annotate'} in {place.repository}",
        )
    except ValueError as error:  # the path came from JFrog, and nobody has checked it
        raise Unreadable(
            f"Could not {doing}",
            why=f"its path leads elsewhere: {error}",
            fix="Look at the file in Artifactory: a path with `..` in it is no honest one.",
        ) from error


def _not_done(what: str, *, why: str = "Artifactory said yes, and they are not as they were sent") -> Refused:
    return Refused(f"Could not {what}", why=why, fix="Look at the file in Artifactory, then try again.")
