"""What JFrog's webhooks tell: their bodies, read for the images that they speak of. Pure.

Source: docs.jfrog.com/administration/docs/event-types for the event service; the Terraform provider's
xray_webhook and JFrog's knowledge-base article 000006214 for Xray. Neither says that a body holds a date of
its sending; where one does, it is read.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime

import msgspec

from reedbed.errors import Unreadable
from reedbed.jfrog.images import BY_DIGEST, INDEX, MANIFEST
from reedbed.model.hints import Hint, Source, everything
from reedbed.model.text import one_line

MOST_PLACES = 1_000
"""In one delivery; where it tells of more, everything is looked at."""

REPOSITORY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
SEGMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}|sha256:[0-9a-f]{64}")
LONGEST_PATH = 400
"""What is no name of these forms is no image, and would mean something else in a query."""


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What one delivery says."""

    event: str  # "docker.pushed", "xray.alert"
    hints: tuple[Hint, ...] = ()  # each place once; none: it speaks of no image
    sent_at: datetime | None = None  # None: it does not say


class _Data(msgspec.Struct, frozen=True):
    repo_key: str | None = None
    path: str | None = None
    image_name: str | None = None
    tag: str | None = None
    target_repo_path: str | None = None  # of what was moved or copied: a repository, or a path in one


class _Event(msgspec.Struct, frozen=True):
    domain: str = ""
    event_type: str = ""
    data: _Data | None = None
    timestamp: str | int | float | None = None  # not documented


class _Artifact(msgspec.Struct, frozen=True):
    name: str | None = None
    path: str | None = None  # "default/docker-local/team/app/1.0/", with or without the name


class _Issue(msgspec.Struct, frozen=True):
    impacted_artifacts: tuple[_Artifact, ...] | None = None


class _Alert(msgspec.Struct, frozen=True):
    created: str | None = None
    issues: tuple[_Issue, ...] | None = None


_EVENT = msgspec.json.Decoder(_Event)
_ALERT = msgspec.json.Decoder(_Alert)
DOMAINS = frozenset({"docker", "artifact", "artifact_property"})


def read(source: Source, body: bytes) -> Told:
    """Read a delivery whose sender was found genuine.

    Raises:
        Unreadable: it is no JSON, or not of the documented shape.
    """
    try:
        return READERS[source](body)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise Unreadable(
            f"Could not read what {source} tells",
            why=one_line(str(error), limit=200),
            fix="Send the predefined payload, not one of your own.",
        ) from error


def _event(body: bytes) -> Told:
    event = _EVENT.decode(body)
    name = f"{_word(event.domain)}.{_word(event.event_type)}"
    places = _places(event.data) if event.data and event.domain in DOMAINS else ()
    return Told(event=name, hints=_hints(places, name), sent_at=_moment(event.timestamp))


def _places(data: _Data) -> Iterator[tuple[str, str]]:
    """Give (repository, folder of an image) that an event names: where it was, and where it went."""
    folder = _folder(data.path or "")
    if folder is None and data.image_name and data.tag:
        folder = f"{data.image_name}/{data.tag}"
    if folder is None:
        return
    for repository in (data.repo_key, (data.target_repo_path or "").strip("/").partition("/")[0]):
        if repository:
            yield repository, folder


def _alert(body: bytes) -> Told:
    alert = _ALERT.decode(body)
    places = (place for issue in alert.issues or () for place in _impacted(issue))
    name = "xray.alert"
    return Told(event=name, hints=_hints(places, name), sent_at=_moment(alert.created))


def _impacted(issue: _Issue) -> Iterator[tuple[str, str]]:
    for artifact in issue.impacted_artifacts or ():
        path, name = (artifact.path or "").strip("/"), artifact.name or ""
        whole = path if path.endswith(f"/{name}") else f"{path}/{name}"
        _, _, below = whole.partition("/")  # the first part is the name of the Artifactory
        repository, _, file = below.partition("/")
        folder = _folder(file)
        if folder is not None:
            yield repository, folder


def _folder(path: str) -> str | None:
    """Give the folder of an image's manifest; None: the file is something else."""
    folder, _, name = path.strip("/").rpartition("/")
    return folder if name in (MANIFEST, INDEX) else None


def _hints(places: Iterator[tuple[str, str]] | tuple[()], event: str) -> tuple[Hint, ...]:
    found: dict[Hint, None] = {}
    for repository, folder in places:
        if (hint := _hint(repository, folder, event)) is not None:
            found[hint] = None
        if len(found) > MOST_PLACES:
            return (everything(event),)
    return tuple(found)


def _hint(repository: str, folder: str, event: str) -> Hint | None:
    path, _, last = folder.rpartition("/")
    tag = f"sha256:{last[-64:]}" if BY_DIGEST.fullmatch(last) else last
    fits = REPOSITORY.fullmatch(repository) and TAG.fullmatch(tag) and len(path) <= LONGEST_PATH
    if not fits or not all(SEGMENT.fullmatch(segment) for segment in path.split("/")):
        return None
    return Hint(repository, path, tag, event)


def _word(text: str) -> str:
    """A stranger's word, fit to be shown and counted."""
    return text if re.fullmatch(r"[a-z_]{1,40}", text) else "other"


def _moment(told: str | float | None) -> datetime | None:
    """Read ISO 8601, or seconds or milliseconds since 1970; what is neither says nothing."""
    try:
        if isinstance(told, str):
            at = datetime.fromisoformat(told)
            return at if at.tzinfo else at.replace(tzinfo=UTC)
        if told is None:
            return None
        return datetime.fromtimestamp(told / 1_000 if told > 1e11 else told, UTC)
    except (ValueError, OverflowError, OSError):
        return None


READERS: Mapping[Source, Callable[[bytes], Told]] = {Source.ARTIFACTORY: _event, Source.XRAY: _alert}
