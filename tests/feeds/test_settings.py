"""Which sources an operator may name, and whom a connection trusts."""

import ssl
from pathlib import Path
from typing import Any

import msgspec
import pytest
import trustme
from aiohttp import web
from aiohttp.test_utils import TestServer

from feeds.drained import drain
from reedbed.errors import SettingsError, Unreachable
from reedbed.feeds.registry import open_feed
from reedbed.feeds.settings import FeedSettings, OsvSettings, OwnListSettings


def _settings(**given: Any) -> FeedSettings:
    read: FeedSettings = msgspec.convert({"kind": "osv", "name": "osv", **given}, FeedSettings)
    return read


@pytest.mark.parametrize("source", ["https://osv.example.com/archive", "/srv/osv", "osv/all.zip", "C:\\osv"])
def test_https_addresses_and_paths_are_sources(source: str) -> None:
    assert _settings(source=source).source == source


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"source": ""}, "is empty"),
        ({"source": "http://osv.example.com"}, "use https"),
        ({"source": "http://osv.example.com", "allow_plain_http": True}, "use https"),
        ({"source": "http://127.0.0.1.example.com/", "allow_plain_http": True}, "use https"),
        ({"source": "http://localhost:8080/osv"}, "set allow_plain_http"),
        ({"source": "ftp://osv.example.com"}, "use https"),
        ({"source": "https://alice:hush@osv.example.com"}, "user name or password"),
        ({"source": "osv", "name": "My Feed"}, "name"),
        ({"source": "osv", "ecosystems": ["../npm"]}, "ecosystem"),
        ({"source": "osv", "ecosystem": ["npm"]}, "unknown field"),
        ({"source": "osv", "kind": "rss"}, "Invalid value"),
        ({"source": "osv", "kind": "safedep"}, "no https:// address"),
        ({"source": "http://api.example.com", "kind": "safedep"}, "use https"),
        ({"kind": "safedep-list", "verdict": "malicious"}, "unknown field"),
        ({"kind": "safedep", "api_key": "hush"}, "unknown field"),
    ],
)
def test_what_cannot_be_a_feed_is_refused_and_no_password_shown(given: dict[str, Any], why: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=why) as caught:
        _settings(**given)

    assert "hush" not in str(caught.value)


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost", "[::1]:8080"])
def test_plain_http_to_this_machine_is_allowed_on_request(host: str) -> None:
    assert _settings(source=f"http://{host}/osv", allow_plain_http=True).remote


@pytest.mark.parametrize("kind", ["safedep", "safedep-list"])
def test_a_service_needs_no_more_than_a_name(kind: str) -> None:
    assert _settings(kind=kind).remote


async def test_a_private_authority_is_trusted_when_it_is_named_and_only_then(tmp_path: Path) -> None:
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))

    async def answer(request: web.Request) -> web.Response:
        return web.Response(text="purl\nnpm:a@1\n")

    app = web.Application()
    app.router.add_get("/own.csv", answer)
    server = TestServer(app, host="127.0.0.1")
    await server.start_server(ssl=context)
    source = f"https://127.0.0.1:{server.port}/own.csv"
    try:
        trusted = open_feed(OwnListSettings(name="own", source=source, ca_file=str(tmp_path / "ca.pem")))
        stranger = open_feed(OwnListSettings(name="own", source=source, retry_wait_s=0.001))

        reading = await drain(trusted)
        with pytest.raises(Unreachable) as caught:
            await drain(stranger)
    finally:
        await server.close()

    assert list(reading.advisories) == ["pkg:npm/a@1"]
    assert "ca_file" in caught.value.fix


async def test_an_authority_that_cannot_be_read_names_its_setting() -> None:
    settings = OsvSettings(name="osv", source="https://osv.example.com", ca_file="/nowhere/ca.pem")

    with pytest.raises(SettingsError) as caught:
        await drain(open_feed(settings))

    assert "ca_file" in caught.value.fix
