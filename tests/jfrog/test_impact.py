"""What an Xray says about who holds a package, and files that are changed only with proof."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web

from jfrog.platforms import impatient, local, served
from reedbed.errors import Refused, Unreachable, Unreadable
from reedbed.jfrog import impact, properties
from reedbed.jfrog.impact import Impacted, Unavailable
from reedbed.jfrog.properties import Place
from reedbed.jfrog.session import connect
from reedbed.model.ecosystem import PackageType
from reedbed.model.purl import purl

AXIOS = purl(PackageType.NPM, "axios")
FILE, ASIDE = Place("npm-local", "axios/-/axios-1.0.0.tgz"), Place("cell", "axios-1.0.0.tgz")

Handler = Callable[[web.Request], Awaitable[web.Response]]


async def asked(handler: Handler) -> list[Impacted] | Unavailable:
    async with (
        served(handler) as url,
        connect(local(url), "token", patience=impatient(attempts=1)) as jfrog,
    ):
        return await impact.impacted(jfrog, AXIOS)


def answering(status: int, body: Any) -> Handler:
    async def handle(request: web.Request) -> web.Response:
        return web.json_response(body, status=status)

    return handle


async def test_all_pages_are_read_and_each_kind_of_place_is_told() -> None:
    pages = {
        "": {
            "result": [
                {
                    "type": "Artifact",
                    "name": "manifest.json",
                    "path": "default/docker-local/app/1/manifest.json",
                    "repo": "docker-local",
                    "impacted_pkg_version": {"name": "axios", "version": "1.0.0"},
                }
            ],
            "last_key": "two",
        },
        "two": {"result": [{"type": "Build", "name": "shop:17", "path": ""}], "last_key": ""},
    }

    async def handle(request: web.Request) -> web.Response:
        assert (request.query["name"], request.query["type"]) == ("axios", "npm")
        return web.json_response(pages[request.query.get("last_key", "")])

    found = await asked(handle)

    assert found == [
        Impacted(kind="Artifact", repository="docker-local", path="app/1/manifest.json", version="1.0.0"),
        Impacted(kind="Build", repository="", path="shop:17", version=None),
    ]


@pytest.mark.parametrize("status", [403, 404])
async def test_an_xray_without_the_search_is_never_taken_for_clean(status: int) -> None:
    found = await asked(answering(status, {"error": "SBOM feature is disabled"}))

    assert isinstance(found, Unavailable)
    assert "SBOM feature is disabled" in found.reason


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [(200, {}, Unreadable), (503, {}, Unreachable), (400, {"error": "no"}, Refused)],
)
async def test_any_other_answer_is_an_error(status: int, body: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        await asked(answering(status, body))


async def test_a_cursor_that_goes_round_comes_to_an_end() -> None:
    found = await asked(answering(200, {"result": [], "last_key": "again"}))

    assert isinstance(found, Unavailable)


async def test_properties_that_were_not_kept_are_not_believed() -> None:
    async def handle(request: web.Request) -> web.Response:
        if request.method == "GET":
            return web.json_response({"errors": [{"message": "No properties could be found."}]}, status=404)
        return web.Response(status=204)

    async with served(handle) as url, connect(local(url), "token", patience=impatient()) as jfrog:
        with pytest.raises(Refused, match="Could not set properties"):
            await properties.put(jfrog, FILE, {"reedbed.quarantine": "malware"})


async def test_a_file_is_not_moved_onto_another() -> None:
    moves = []

    async def handle(request: web.Request) -> web.Response:
        moves.extend([request.path] if request.method == "POST" else [])
        return web.json_response({"checksums": {"sha256": "aa"}})

    async with served(handle) as url, connect(local(url), "token", patience=impatient()) as jfrog:
        with pytest.raises(Refused, match="Could not move"):
            await properties.move(jfrog, FILE, ASIDE)

    assert moves == []


async def test_a_404_that_is_not_artifactorys_own_does_not_mean_that_a_file_is_gone() -> None:
    async def handle(request: web.Request) -> web.Response:
        return web.Response(status=404, text="<html>nginx</html>", content_type="text/html")

    async with served(handle) as url, connect(local(url), "token", patience=impatient()) as jfrog:
        with pytest.raises(Refused):
            await properties.checksum(jfrog, FILE)
