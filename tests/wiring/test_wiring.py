"""The live parts as commands and the daemon get them."""

import asyncio
import stat
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from inventory.homes import connected
from jfrog_standin.server import running
from reedbed.errors import Refused, SettingsError
from reedbed.feeds.settings import OsvSettings, OwnListSettings
from reedbed.jfrog.artifactory import Artifactory
from reedbed.jobs import Every, now_utc
from reedbed.model.platform import Platform
from reedbed.settings import Intel, Settings
from reedbed.store import platforms
from reedbed.store.vault import new_key
from reedbed.wiring.jobs import hunt_jobs
from reedbed.wiring.lines import line_of, stored
from reedbed.wiring.pace import SharedPace
from reedbed.wiring.parts import Parts, opened, rotate_key, terms

PROD = Platform(name="prod", url="https://jfrog.example", per_second=200.0)


@pytest.fixture
async def parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Parts]:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("REEDBED_SECRET_KEY", raising=False)
    async with opened(Settings(data_dir=str(tmp_path / "data"))) as open_parts:
        yield open_parts


async def add(parts: Parts, token: str) -> None:
    sealed = parts.vault.seal(token, context=platforms.token_context("prod"))
    await parts.db.write(platforms.add, PROD, sealed_token=sealed)


async def test_the_first_start_makes_a_key_apart_from_the_data(parts: Parts, tmp_path: Path) -> None:
    made = parts.key.made

    assert made == tmp_path / "config" / "reedbed" / "secret.key"
    assert stat.S_IMODE(made.stat().st_mode) == 0o600


async def test_a_rotated_key_opens_what_the_old_one_sealed(parts: Parts) -> None:
    await add(parts, "canary-token")
    file = Path(parts.key.source)
    before = file.read_text()

    rotated = await rotate_key(parts)

    assert (rotated.resealed, rotated.old_dropped) == (1, True)
    assert before.strip() not in file.read_text()
    async with opened(parts.settings) as anew:
        assert await stored(anew, "prod") == (PROD, "canary-token")


async def test_a_lost_key_costs_entering_the_token_again(parts: Parts) -> None:
    await add(parts, "canary-token")
    file = Path(parts.key.source)
    file.write_text(new_key())

    async with opened(parts.settings) as anew:
        with pytest.raises(SettingsError) as caught:
            await stored(anew, "prod")

        assert "platform rotate" in caught.value.fix
        assert await anew.db.read(platforms.list_all) == [PROD]


async def test_an_unknown_platform_names_those_there_are(parts: Parts) -> None:
    await add(parts, "canary-token")

    with pytest.raises(SettingsError) as caught:
        await stored(parts, "porod")

    assert "prod" in caught.value.why


@pytest.mark.parametrize("days", [1, -1])
async def test_a_clock_that_jumps_stops_no_request(parts: Parts, days: int) -> None:
    await add(parts, "canary-token")
    jumped = timedelta()
    pace = SharedPace(parts.db, PROD, now=lambda: now_utc() + jumped)
    await pace.wait()  # the rest of the slots that were leased with it are moments of the old time

    jumped = timedelta(days=days)

    async with asyncio.timeout(60):
        for _ in range(int(PROD.per_second)):
            await pace.wait()


async def test_two_processes_share_one_pace(parts: Parts) -> None:
    await add(parts, "canary-token")
    paces = [SharedPace(parts.db, PROD) for _ in range(2)]
    began = now_utc()

    await asyncio.gather(*(pace.wait() for pace in paces for _ in range(60)))

    took_s = (now_utc() - began).total_seconds()
    assert took_s >= 119 / PROD.per_second  # 120 requests have 119 slots between them


async def test_a_hunt_is_due_once_a_day_and_can_be_switched_off(parts: Parts) -> None:
    never = Settings(intel=Intel(hunt_interval_s=0))

    (job,) = hunt_jobs(parts, ["prod"])
    none = hunt_jobs(msgspec.structs.replace(parts, settings=never), ["prod"])

    assert (job.name, job.schedule) == ("hunt:all:prod", Every(86_400.0))
    assert none == []


def test_only_osv_feeds_have_a_window() -> None:
    osv = OsvSettings(name="osv", source="records")
    own = OwnListSettings(name="own", source="own.json")

    relevance = terms(Settings(feeds=(osv, own))).relevance

    assert (relevance.window_days, relevance.whole) == (90, frozenset({"own"}))


async def test_a_refused_token_names_the_command_that_replaces_it(parts: Parts) -> None:
    async with running() as standin:
        await connected(parts, standin, token="revoked", test=False)

        async with line_of(parts, "prod") as jfrog:
            with pytest.raises(Refused) as caught:
                await Artifactory(jfrog).repositories()

    assert "`reedbed connection rotate prod`" in caught.value.fix
