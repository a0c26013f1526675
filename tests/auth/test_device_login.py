"""The device flow against a stand-in of the authority; time passes only where the flow waits."""

from collections.abc import AsyncIterator

import aiohttp
import msgspec
import pytest

from auth.login import login_at
from reedbed.errors import ReedbedError, Refused, Unreachable, Unreadable
from reedbed.feeds.device_login import DeviceLogin, address_to_open
from reedbed.feeds.login_settings import Login
from safedep_standin.server import running
from safedep_standin.sign_in import DEVICE_CODE, TOKEN, SignIn


class Time:
    """A clock that the waits of the flow turn."""

    def __init__(self) -> None:
        self.waits: list[float] = []

    async def pause(self, seconds: float) -> None:
        self.waits.append(seconds)

    def clock(self) -> float:
        return sum(self.waits)


@pytest.fixture
async def authority() -> AsyncIterator[SignIn]:
    async with running() as standin:
        yield standin.sign_in


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as http:
        yield http


async def _log_in(http: aiohttp.ClientSession, settings: Login, time: Time) -> str:
    flow = DeviceLogin(http, settings, pause=time.pause, clock=time.clock)
    return (await flow.token(await flow.begin())).reveal()


async def test_the_token_comes_once_the_person_has_agreed(
    http: aiohttp.ClientSession, authority: SignIn
) -> None:
    authority.answers = ["authorization_pending", "slow_down", "authorization_pending"]
    time = Time()

    token = await _log_in(http, login_at(authority.url), time)

    assert token == TOKEN
    assert time.waits == [1, 1, 6, 6]
    assert authority.asked[0]["audience"] == "https://cloud.safedep.io"
    assert [form["device_code"] for form in authority.asked[1:]] == [DEVICE_CODE] * 4


async def test_an_authority_that_falters_is_asked_more_seldom(
    http: aiohttp.ClientSession, authority: SignIn
) -> None:
    authority.answers = [500, 429, "authorization_pending"]
    time = Time()

    assert await _log_in(http, login_at(authority.url), time) == TOKEN
    assert time.waits == [1, 2, 4, 4]


@pytest.mark.parametrize(
    ("answer", "why"),
    [("access_denied", "said no"), ("expired_token", "has ended"), ("invalid_client", "invalid_client")],
)
async def test_each_no_says_what_to_do(
    http: aiohttp.ClientSession, authority: SignIn, answer: str, why: str
) -> None:
    authority.answers = [answer]

    with pytest.raises(Refused, match=why) as caught:
        await _log_in(http, login_at(authority.url), Time())

    assert caught.value.fix


async def test_a_code_that_nobody_enters_ends_by_itself(
    http: aiohttp.ClientSession, authority: SignIn
) -> None:
    authority.answers = ["authorization_pending"] * 1_000
    authority.device = {"expires_in": 30, "interval": 5}
    time = Time()

    with pytest.raises(Refused, match="has ended"):
        await _log_in(http, login_at(authority.url), time)

    assert time.clock() <= 30


async def test_an_authority_that_stays_away_is_said_to_be_away(
    http: aiohttp.ClientSession, authority: SignIn
) -> None:
    authority.answers = [503] * 1_000

    with pytest.raises(Unreachable, match="503"):
        await _log_in(http, login_at(authority.url), Time())


async def test_an_unknown_client_id_names_the_setting(http: aiohttp.ClientSession, authority: SignIn) -> None:
    settings = msgspec.structs.replace(login_at(authority.url), client_id="another")

    with pytest.raises(Refused, match="invalid_client") as caught:
        await _log_in(http, settings, Time())

    assert "safedep.client_id" in caught.value.fix


@pytest.mark.parametrize(
    "device", [{"device_code": None}, {"expires_in": "soon"}, {"padding": "x" * 100_000}]
)
async def test_an_answer_of_another_form_is_not_taken(
    http: aiohttp.ClientSession, authority: SignIn, device: dict[str, object]
) -> None:
    authority.device = device

    with pytest.raises(Unreadable) as caught:
        await _log_in(http, login_at(authority.url), Time())

    error: BaseException | None = caught.value
    while error is not None:
        assert DEVICE_CODE not in f"{error} {error!r}"
        error = error.__cause__


async def test_no_other_address_than_a_safe_one_is_shown(
    http: aiohttp.ClientSession, authority: SignIn
) -> None:
    authority.device = {"verification_uri_complete": "javascript:alert(1)"}

    device = await DeviceLogin(http, login_at(authority.url)).begin()

    with pytest.raises(ReedbedError):
        address_to_open(device)


async def test_the_complete_address_is_shown_where_there_is_one(
    http: aiohttp.ClientSession, authority: SignIn
) -> None:
    device = await DeviceLogin(http, login_at(authority.url)).begin()

    assert address_to_open(device).endswith("?user_code=REED-BEDS")
    assert DEVICE_CODE not in repr(device)
