"""`POST /artifactory/api/search/aql`."""

import asyncio
from collections.abc import Iterator

import msgspec
from aiohttp import web

from jfrog_standin import errors
from jfrog_standin.access import Caller, caller_of
from jfrog_standin.artifactory.aql_evaluate import Found, Row, evaluate
from jfrog_standin.artifactory.aql_language import AqlError, Query, read_query
from jfrog_standin.artifactory.gate import refusal
from jfrog_standin.platform import Platform

DEMANDED = ("repo", "path", "name")
ROWS_A_CHUNK = 500


class Searches:
    """The AQL queries of one platform; how many run at once may be limited."""

    def __init__(self) -> None:
        self._running = 0

    async def search(self, platform: Platform, request: web.Request) -> web.StreamResponse:
        """Answer a query in plain text with rows as JSON, streamed: the 200 goes out before the rows do."""
        caller = caller_of(request)
        if caller.anonymous:
            raise refusal(platform, caller)
        limit = platform.switches.aql_parallel
        if limit and self._running >= limit:
            raise errors.artifactory(429, "Too many AQL queries are running. Try again later.")
        self._running += 1
        try:
            query = _permitted(_read(await request.read()), caller)
            found = await asyncio.to_thread(  # a second over many items must not hold up everybody else
                evaluate,
                query,
                platform.orders,
                may_read=lambda item: caller.may("read", item.repo, item.path),
                max_rows=platform.switches.aql_max_rows,
            )
            return await _stream(request, found)
        finally:
            self._running -= 1


def _read(body: bytes) -> Query:
    try:
        return read_query(body.decode("utf-8", "replace").strip())
    except AqlError as error:
        raise errors.aql(400, str(error)) from error


def _permitted(query: Query, caller: Caller) -> Query:
    """Without being an administrator one must ask for the fields that permissions are told by."""
    if not caller.admin and not set(DEMANDED).issubset(query.fields):
        raise errors.aql(
            400, "For permissions reasons AQL demands the following fields: repo, path and name."
        )
    return query


async def _stream(request: web.Request, found: Found) -> web.StreamResponse:
    answer = web.StreamResponse(headers={"Content-Type": "application/json"})
    await answer.prepare(request)
    await answer.write(b'\n{\n"results" : [ ')
    for chunk in _chunks(found.rows):
        await answer.write(chunk)
    await answer.write(b' ],\n"range" : ' + msgspec.json.encode(found.range) + b"\n}\n")
    await answer.write_eof()
    return answer


def _chunks(rows: list[Row]) -> Iterator[bytes]:
    """The rows as JSON, with commas between, some hundreds at a time."""
    for first, start in enumerate(range(0, len(rows), ROWS_A_CHUNK)):
        encoded = b",".join(msgspec.json.encode(row) for row in rows[start : start + ROWS_A_CHUNK])
        yield b"," + encoded if first else encoded
