"""What a sync asked of a stand-in, made out of its log, so that the same can be asked again."""

import re
from collections.abc import Iterator, Sequence

import msgspec

from jfrog_standin.requestlog import Entry
from reedbed.jfrog import aql
from reedbed.jfrog.artifactory import PAGE_ROWS

AQL, SUMMARY, STATUS = "/search/aql", "/summary/artifact", "/artifact/status"
JSON = "application/json"
_MANIFEST = re.compile(
    r"/artifactory/api/docker/(?P<repository>[^/]+)/v2/.+/manifests/sha256:(?P<digest>\w+)"
)


class Request(msgspec.Struct, frozen=True):
    """One request to make again."""

    method: str
    path: str
    body: str = ""
    content: str = ""  # the type of the body


class Again(msgspec.Struct, frozen=True, kw_only=True):
    """What a client that throws all answers away is given."""

    url: str
    ca: str | None
    token: str
    concurrency: int
    requests: list[Request]


def requests_again(entries: Sequence[Entry]) -> list[Request]:
    """Give the requests of a log once more, in its order. It has no bodies; those are made up to match.

    As many summaries are asked for as there were, of all images whose manifests were; and as many pages of
    files, each of one of their repositories.
    """
    found = [match for entry in entries if (match := _MANIFEST.fullmatch(entry.path))]
    digests = list(dict.fromkeys(match["digest"] for match in found))
    repositories = list(dict.fromkeys(match["repository"] for match in found)) or ["none"]
    summaries = _batches(digests, sum(entry.path.endswith(SUMMARY) for entry in entries))
    requests: list[Request] = []
    pages = 0
    for entry in entries:
        if entry.path.endswith(SUMMARY):
            body = msgspec.json.encode({"checksums": next(summaries)}).decode()
            requests.append(Request(entry.method, entry.path, body, JSON))
        elif entry.path.endswith(STATUS):
            body = msgspec.json.encode({"repo": repositories[0], "path": "/any/1/manifest.json"}).decode()
            requests.append(Request(entry.method, entry.path, body, JSON))
        elif entry.path.endswith(AQL):
            body = _page(repositories[pages % len(repositories)])
            requests.append(Request(entry.method, entry.path, body, "text/plain"))
            pages += 1
        else:
            requests.append(Request(entry.method, entry.path))
    return requests


def _batches(digests: list[str], number: int) -> Iterator[list[str]]:
    """Deal digests out evenly."""
    return iter([digests[first::number] for first in range(number)])


def _page(repository: str) -> str:
    fields = ("size", "sha256", "created", "modified", "updated", "created_by", "modified_by")
    wanted = {"$and": [{"repo": repository}, {"name": "manifest.json"}]}
    return aql.find_items(wanted, include=fields, sort=("path", "name"), limit=PAGE_ROWS)
