import asyncio
import time
import zlib
from collections.abc import AsyncIterator

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jfrog_standin.faults import Fault, FaultTable, Params
from jfrog_standin.server import Running
from standin.conftest import Client
from standin.test_events import EVENTS, issue

PING = "/xray/api/v1/system/ping"
POLICIES = "/xray/api/v2/policies"


@pytest.fixture
async def raw(standin: Running) -> AsyncIterator[aiohttp.ClientSession]:
    """A client that takes bodies as they come, compressed or not."""
    connector = aiohttp.TCPConnector(ssl=standin.ssl or True)
    async with aiohttp.ClientSession(standin.url, connector=connector, auto_decompress=False) as session:
        yield session


def play(standin: Running, fault: Fault) -> None:
    standin.platform.faults.add(fault)


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500, 502, 503, 504])
async def test_a_status_comes_in_the_shape_of_the_service(ask: Client, standin: Running, status: int) -> None:
    play(standin, Fault(kind="status", params=Params(status=status)))

    xray = await ask("GET", PING)
    artifactory = await ask("GET", "/artifactory/api/system/ping")
    access = await ask("GET", "/access/api/v1/tokens")

    assert xray.status == artifactory.status == access.status == status
    assert set(xray.json) == {"error"}
    assert artifactory.json["errors"][0]["status"] == status
    assert "code" in access.json["errors"][0]
    assert "Retry-After" not in xray.headers


async def test_a_429_may_say_when_to_come_back(ask: Client, standin: Running) -> None:
    play(standin, Fault(kind="status", params=Params(status=429, retry_after=7)))

    limited = await ask("GET", PING)

    assert limited.headers["Retry-After"] == "7"


async def test_a_slow_answer_comes_late_and_every_answer_by_the_latency(
    ask: Client, standin: Running
) -> None:
    play(standin, Fault(kind="slow", count=1, params=Params(delay_ms=150)))
    started = time.perf_counter()

    slow = await ask("GET", PING)
    slow_s = time.perf_counter() - started
    standin.platform.switch(latency_ms=100)
    started = time.perf_counter()
    late = await ask("GET", PING)

    assert slow.json == late.json == {"status": "pong"}
    assert slow_s >= 0.15
    assert time.perf_counter() - started >= 0.1


async def test_a_hung_request_lasts_until_the_client_gives_up(ask: Client, standin: Running) -> None:
    play(standin, Fault(kind="hung", path=PING))

    hanging = asyncio.create_task(ask("GET", PING))
    async with asyncio.timeout(60):
        while not standin.platform.faults.active()[0].struck:
            await asyncio.sleep(0.01)

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(hanging, timeout=0.3)

    async with asyncio.timeout(60):
        while not (entries := standin.platform.log.entries(path=PING)):
            await ask("GET", "/artifactory/api/system/ping")
    assert (entries[0].status, entries[0].fault) == (0, "hung")


async def test_a_connection_dropped_before_the_handler_changes_nothing(ask: Client, standin: Running) -> None:
    play(standin, Fault(kind="drop_before", method="POST"))

    with pytest.raises(aiohttp.ClientError):
        await ask("POST", EVENTS, json=issue())

    assert standin.platform.xray.issues == {}
    assert standin.platform.log.entries(method="POST")[0].status == 0


async def test_a_connection_dropped_after_the_handler_leaves_the_change_made(
    ask: Client, standin: Running
) -> None:
    play(standin, Fault(kind="drop_after", method="POST"))

    with pytest.raises(aiohttp.ClientError):
        await ask("POST", EVENTS, json=issue())

    assert list(standin.platform.xray.issues) == ["RB-left-pad-evil"]


async def test_a_truncated_answer_does_not_parse(ask: Client, standin: Running) -> None:
    whole = await ask("GET", "/xray/api/v1/system/version")
    play(standin, Fault(kind="truncated"))

    half = await ask("GET", "/xray/api/v1/system/version")

    assert half.status == 200
    assert half.body == whole.body[: len(whole.body) // 2]


async def test_a_login_page_comes_with_200(ask: Client, standin: Running) -> None:
    play(standin, Fault(kind="login_page", path="/xray/*"))

    page = await ask("GET", POLICIES)

    assert page.status == 200
    assert page.headers["Content-Type"].startswith("text/html")
    assert "<form" in page.text


async def test_a_redirect_goes_to_the_landing_page_or_another_host(ask: Client, standin: Running) -> None:
    play(standin, Fault(kind="redirect", count=1))
    play(standin, Fault(kind="redirect", params=Params(location="https://landing.example.com/")))

    asleep = await ask("POST", EVENTS, json=issue())
    elsewhere = await ask("POST", EVENTS, json=issue())

    assert (asleep.status, elsewhere.status) == (302, 302)
    assert asleep.headers["Location"].startswith(f"{standin.url}/reactivate-server")
    assert elsewhere.headers["Location"] == "https://landing.example.com/"


async def test_a_gzip_bomb_is_small_and_unpacks_to_what_was_asked(
    raw: aiohttp.ClientSession, standin: Running
) -> None:
    play(standin, Fault(kind="gzip_bomb", params=Params(megabytes=3)))

    async with raw.get(PING) as response:
        packed = await response.read()

    unpacked = zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(packed)
    assert response.headers["Content-Encoding"] == "gzip"
    assert len(packed) < 10_000
    assert len(unpacked) == 3 * 2**20


async def test_an_endless_body_goes_on_until_the_client_closes(
    raw: aiohttp.ClientSession, standin: Running
) -> None:
    play(standin, Fault(kind="endless"))

    async with raw.get(PING) as response:
        start = await response.content.readexactly(3 * 2**20)
        response.close()

    assert start.startswith(b'{"data":"aaa')


async def test_a_faults_clock_moves_the_date_of_its_answer_alone(ask: Client, standin: Running) -> None:
    play(standin, Fault(kind="clock_skew", count=1, params=Params(seconds=-86_400.0 * 400)))

    skewed = await ask("GET", PING)
    straight = await ask("GET", PING)

    assert skewed.headers["Date"][12:16] != straight.headers["Date"][12:16]


async def test_a_drifted_answer_has_fields_that_nobody_documented_or_lacks_some(
    ask: Client, standin: Running
) -> None:
    await ask("POST", EVENTS, json=issue())
    path = "/xray/api/v2/events/RB-left-pad-evil"
    play(standin, Fault(kind="extra_fields", count=1))
    play(standin, Fault(kind="missing_fields", params=Params(fields=("modified_time", "fixed_versions"))))

    more = (await ask("GET", path)).json
    less = (await ask("GET", path)).json

    assert "x_standin_drift" in more
    assert "x_standin_drift" in more["components"][0]
    assert "modified_time" not in less
    assert "fixed_versions" not in less["components"][0]


async def test_a_fault_is_played_before_anybody_is_let_in(ask: Client, standin: Running) -> None:
    play(standin, Fault(kind="status", params=Params(status=503)))

    nobody = await ask("GET", POLICIES, token=None)

    assert nobody.status == 503


async def test_faults_are_added_listed_and_taken_away_by_the_control_api(ask: Client) -> None:
    fault = {"kind": "status", "path": "/xray/*", "params": {"status": 502}}

    added = await ask.control("POST", "/faults", fault)
    struck = await ask("GET", PING)
    listed = await ask.control("GET", "/faults")
    removed = await ask.control("DELETE", f"/faults/{added.json['id']}")
    again = await ask.control("DELETE", f"/faults/{added.json['id']}")
    well = await ask("GET", PING)

    assert (struck.status, well.status) == (502, 200)
    assert (listed.json[0]["seen"], listed.json[0]["struck"]) == (1, 1)
    assert (removed.status, again.status) == (204, 404)


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "unheard-of"},
        {"kind": "slow", "share": 1.5},
        {"kind": "slow", "every": 0},
        {"kind": "slow", "count": 0},
        {"kind": "slow", "params": {"delay": 1}},
        {"kind": "slow", "params": {"delay_ms": -1}},
        {"kind": "status", "params": {"status": 200}},
        {"kind": "clock_skew", "params": {"seconds": 1e300}},
        {},
        [],
    ],
)
async def test_a_fault_that_makes_no_sense_is_refused(ask: Client, fault: object) -> None:
    refused = await ask.control("POST", "/faults", fault)

    assert refused.status == 400
    assert refused.json["error"]


def struck(fault: Fault, requests: int = 12) -> list[int]:
    """Number the requests, from 1, that a fault strikes."""
    table = FaultTable()
    table.add(fault)
    return [number for number in range(1, requests + 1) if table.strike("GET", "/xray/x")]


def test_skip_every_and_count_choose_which_requests_go_wrong() -> None:
    assert struck(Fault(kind="slow", count=2)) == [1, 2]
    assert struck(Fault(kind="slow", every=4)) == [4, 8, 12]
    assert struck(Fault(kind="slow", skip=9)) == [10, 11, 12]
    assert struck(Fault(kind="slow", skip=1, every=3, count=2)) == [4, 7]
    assert struck(Fault(kind="slow", method="POST")) == []
    assert struck(Fault(kind="slow", path="/artifactory/*")) == []


def test_the_first_fault_that_strikes_decides() -> None:
    table = FaultTable()
    table.add(Fault(kind="slow", every=2))
    table.add(Fault(kind="hung"))

    kinds = [fault.kind for _ in range(4) if (fault := table.strike("GET", "/"))]

    assert kinds == ["hung", "slow", "hung", "slow"]


@given(st.floats(0, 1), st.integers(0, 2**32))
def test_a_share_is_the_same_requests_for_the_same_seed(share: float, seed: int) -> None:
    fault = Fault(kind="slow", share=share, seed=seed)

    first, second = struck(fault, 200), struck(fault, 200)

    assert first == second
    assert abs(len(first) - 200 * share) <= 50
