import asyncio
import gzip
import time
from pathlib import Path

import msgspec
import pytest
from aiohttp import web

from jfrog.platforms import TIMEOUT_S, at, impatient, local, served
from jfrog_standin.faults import Fault, Kind, Params
from jfrog_standin.server import Running
from reedbed.errors import ReedbedError, Refused, SettingsError, Unreachable, Unreadable
from reedbed.jfrog.breaker import Breaker
from reedbed.jfrog.exchange import Call
from reedbed.jfrog.session import JFrog, Patience, connect
from reedbed.jfrog.wire import Version
from reedbed.model.platform import Platform

VERSION = Call(method="GET", route="/artifactory/api/system/version", doing="ask the version")
EVENT = Call(method="POST", route="/xray/api/v1/events", doing="create", send=b"{}", repeatable=False)


def seen(standin: Running, route: str) -> int:
    return sum(count for name, count in standin.platform.log.counts().items() if name.endswith(route))


async def test_a_call_is_answered_over_verified_tls(jfrog: JFrog) -> None:
    version = await jfrog.fetch(VERSION, Version)

    assert version.version


@pytest.mark.parametrize(
    ("kind", "params"),
    [
        ("status", Params(status=500)),
        ("status", Params(status=503)),
        ("status", Params(status=429)),
        ("status", Params(status=429, retry_after=0)),
        ("drop_before", Params()),
        ("drop_after", Params()),
        ("truncated", Params()),
    ],
)
async def test_what_fails_in_passing_is_tried_again(
    jfrog: JFrog, standin: Running, kind: Kind, params: Params
) -> None:
    standin.platform.faults.add(Fault(kind=kind, params=params, count=2))

    version = await jfrog.fetch(VERSION, Version)

    assert version.version
    # aiohttp itself repeats a GET once where a kept connection turns out to be closed
    assert seen(standin, VERSION.route) >= 3


@pytest.mark.parametrize("kind", ["status", "drop_before", "drop_after", "truncated"])
async def test_a_call_that_must_not_be_repeated_is_made_once(
    jfrog: JFrog, standin: Running, kind: Kind
) -> None:
    standin.platform.faults.add(Fault(kind=kind))

    with pytest.raises(ReedbedError):
        await jfrog.fetch(EVENT, Version)

    assert seen(standin, EVENT.route) == 1


async def test_a_no_is_not_asked_again(jfrog: JFrog, standin: Running) -> None:
    standin.platform.faults.add(Fault(kind="status", params=Params(status=403)))

    with pytest.raises(Refused) as caught:
        await jfrog.fetch(VERSION, Version)

    assert caught.value.status == 403
    assert seen(standin, VERSION.route) == 1


async def test_retry_after_is_waited_for(jfrog: JFrog, standin: Running) -> None:
    standin.platform.faults.add(Fault(kind="status", count=1, params=Params(status=429, retry_after=1)))

    started = time.monotonic()
    await jfrog.fetch(VERSION, Version)

    assert time.monotonic() - started >= 0.9


async def test_a_busy_instance_is_given_its_pause_by_every_call(jfrog: JFrog, standin: Running) -> None:
    standin.platform.faults.add(Fault(kind="status", count=1, params=Params(status=429, retry_after=1)))
    await jfrog.once(VERSION)

    started = time.monotonic()
    await jfrog.fetch(Call(method="GET", route="/xray/api/v1/system/version", doing="x"), Version)

    assert time.monotonic() - started >= 0.9


@pytest.mark.parametrize(
    ("kind", "family", "says"),
    [
        ("login_page", Unreadable, "HTML page"),
        ("gzip_bomb", Unreadable, "larger than"),
        ("endless", Unreadable, "larger than"),
        ("redirect", Unreachable, "asleep"),
        ("hung", Unreachable, "did not answer within"),
    ],
)
async def test_an_answer_that_is_none_ends_in_time_and_is_named(
    standin: Running, kind: Kind, family: type[ReedbedError], says: str
) -> None:
    standin.platform.faults.add(Fault(kind=kind))
    bounded = msgspec.structs.replace(VERSION, max_bytes=1_000_000)
    timeout_s = 0.5 if kind == "hung" else TIMEOUT_S

    async with connect(at(standin, timeout_s=timeout_s), standin.admin_token, patience=impatient(1)) as jfrog:
        with pytest.raises(family, match=says):
            await jfrog.fetch(bounded, Version)


async def test_a_redirect_is_never_followed(jfrog: JFrog, standin: Running) -> None:
    params = Params(location=f"{standin.url}/artifactory/api/system/ping")
    for method in ("GET", "POST"):
        standin.platform.faults.add(Fault(kind="redirect", method=method, count=1, params=params))

    for call in (VERSION, EVENT):
        with pytest.raises(Unreadable, match="redirect to"):
            await jfrog.fetch(call, Version)

    assert seen(standin, "/artifactory/api/system/ping") == 0


async def test_unreachable_calls_open_the_breaker_and_a_probe_closes_it(standin: Running) -> None:
    standin.platform.faults.add(Fault(kind="drop_before", method="POST", count=3))
    breaker = Breaker(threshold=3, rest_s=1.5)

    async with connect(at(standin), standin.admin_token, patience=impatient(1), breaker=breaker) as jfrog:
        for _ in range(3):
            await jfrog.once(EVENT)
        with pytest.raises(Unreachable, match="calls rest") as resting:
            await jfrog.fetch(VERSION, Version)
        await asyncio.sleep(jfrog.breaker.wait_s(time.monotonic()))
        await jfrog.fetch(VERSION, Version)

    assert resting.value.retry_after_s is not None
    assert seen(standin, VERSION.route) == 1


async def test_every_answer_is_counted_and_silence_is_0(standin: Running) -> None:
    counted: list[tuple[str, int]] = []
    standin.platform.faults.add(Fault(kind="drop_before", method="POST"))

    async with connect(
        at(standin),
        standin.admin_token,
        patience=impatient(1),
        on_answer=lambda route, status: counted.append((route, status)),
    ) as jfrog:
        await jfrog.fetch(VERSION, Version)
        await jfrog.once(EVENT)

    assert counted == [(VERSION.route, 200), (EVENT.route, 0)]


async def test_calls_keep_to_the_pace_and_to_the_number_in_flight(standin: Running) -> None:
    paced, flying, most = 0, 0, 0

    async def pace() -> None:
        nonlocal paced
        paced += 1

    standin.platform.switch(latency_ms=20)

    async with connect(at(standin, concurrency=3), standin.admin_token, pace=pace) as jfrog:
        await asyncio.gather(*(jfrog.once(VERSION) for _ in range(12)))

    assert paced == 12
    entries = standin.platform.log.entries(route=VERSION.route)
    spans = sorted((entry.at.timestamp() - entry.took_ms / 1_000, entry.at.timestamp()) for entry in entries)
    for start, _ in spans:
        flying = sum(begin <= start < end for begin, end in spans)
        most = max(most, flying)
    assert most <= 3


async def test_the_token_is_in_no_message_repr_or_error_even_if_jfrog_repeats_it() -> None:
    token = "header.eyJzdWIiOiJ4In0.canary-signature"

    async def parrot(request: web.Request) -> web.Response:
        return web.json_response({"error": request.headers["Authorization"]}, status=int(request.query["s"]))

    async with served(parrot) as url, connect(local(url), token, patience=impatient(1)) as jfrog:
        texts = [repr(jfrog), repr(jfrog.facts), repr(vars(jfrog.facts.__class__))]
        for status in (400, 401, 403, 500):
            call = Call(method="GET", route="/artifactory/x", query={"s": str(status)}, doing="look")
            with pytest.raises(ReedbedError) as caught:
                await jfrog.fetch(call, Version)
            error = caught.value
            texts += [
                repr(error),
                str(error),
                error.why,
                error.fix,
                repr(error.__context__),
                repr(error.__cause__),
            ]

    assert not [text for text in texts if "canary" in text]


async def test_no_cookie_is_kept_and_no_proxy_taken_from_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cookies: list[str] = []

    async def baker(request: web.Request) -> web.Response:
        cookies.append(request.headers.get("Cookie", ""))
        response = web.json_response({"version": "7"})
        response.set_cookie("SESSION", "alice")
        return response

    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    async with served(baker) as url, connect(local(url), "t.t.t") as jfrog:
        await jfrog.fetch(VERSION, Version)
        await jfrog.fetch(VERSION, Version)

    assert cookies == ["", ""]


async def test_a_proxy_that_is_set_is_used() -> None:
    asked: list[str] = []

    async def proxy(request: web.Request) -> web.Response:
        asked.append(str(request.url))
        return web.json_response({"version": "7"})

    async with served(proxy) as url:
        platform = msgspec.structs.replace(local("http://127.0.0.1:9"), proxy=url)
        async with connect(platform, "t.t.t") as jfrog:
            await jfrog.fetch(VERSION, Version)

    assert len(asked) == 1


async def test_a_small_gzip_body_is_unpacked() -> None:
    async def packed(request: web.Request) -> web.Response:
        body = gzip.compress(b'{"version":"7.125"}')
        return web.Response(body=body, headers={"Content-Encoding": "gzip"}, content_type="application/json")

    async with served(packed) as url, connect(local(url), "t.t.t") as jfrog:
        version = await jfrog.fetch(VERSION, Version)

    assert version.version == "7.125"


@pytest.mark.parametrize(
    ("platform", "says"),
    [
        (Platform(name="p", url="http://host.example"), "plain http"),
        (Platform(name="p", url="https://host.example", ca_file="/nowhere/ca.pem"), "does not exist"),
    ],
)
async def test_what_could_not_be_safe_is_not_even_opened(platform: Platform, says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        async with connect(platform, "t.t.t"):
            pass


async def test_a_ca_file_without_a_certificate_is_named(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")
    platform = Platform(name="p", url="https://host.example", ca_file=str(tmp_path / "ca.pem"))

    with pytest.raises(SettingsError, match="PEM"):
        async with connect(platform, "t.t.t"):
            pass


def test_the_usual_patience_ends_within_minutes() -> None:
    patience = Patience()

    assert patience.attempts * (patience.longest_wait_s + patience.jitter_s) < 120
