"""Where the feeds of SafeDep get their API key from when they are read."""

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from reedbed.errors import Refused, SettingsError
from reedbed.feeds.settings import SafeDepSettings
from reedbed.jobs import Counts, RunContext, now_utc
from reedbed.model.secret import Secret
from reedbed.settings import Settings
from reedbed.store import logins, runs
from reedbed.wiring.jobs import feed_jobs
from reedbed.wiring.parts import Parts, opened
from safedep_standin.account import KEY, TENANT
from safedep_standin.data_plane import DataPlane
from safedep_standin.server import running


@pytest.fixture
async def safedep() -> AsyncIterator[DataPlane]:
    async with running() as standin:
        standin.data_plane.report("R1", "reed-bad", minutes=-60)
        yield standin.data_plane


@pytest.fixture
async def parts(safedep: DataPlane, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Parts]:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    for name in ("REEDBED_SECRET_KEY", "SAFEDEP_API_KEY", "SAFEDEP_TENANT_ID"):
        monkeypatch.delenv(name, raising=False)
    feed = SafeDepSettings(name="safedep", source=safedep.url, allow_plain_http=True, profile="work")
    async with opened(Settings(data_dir=str(tmp_path / "data"), feeds=(feed,))) as open_parts:
        yield open_parts


async def read(parts: Parts) -> Counts:
    """Do what the daemon does with the one feed."""
    (job,) = feed_jobs(parts)
    return await job.run(RunContext(id=runs.new_id(now_utc()), scheduled_at=now_utc()))


async def log_in(parts: Parts, key: str) -> None:
    await logins.keep(
        parts.db,
        parts.vault,
        name="work",
        tenant=TENANT,
        key=Secret(key),
        expires_at=None,
        now=now_utc(),
        in_keychain=False,
    )


async def test_the_key_of_a_login_is_used(parts: Parts) -> None:
    await log_in(parts, KEY)

    assert (await read(parts))["new"] == 1


async def test_the_environment_beats_a_login(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    await log_in(parts, "sfd_other")
    with pytest.raises(Refused):
        await read(parts)
    monkeypatch.setenv("SAFEDEP_API_KEY", KEY)
    monkeypatch.setenv("SAFEDEP_TENANT_ID", TENANT)

    assert (await read(parts))["new"] == 1


async def test_without_either_the_run_says_what_to_do(parts: Parts, safedep: DataPlane) -> None:
    with pytest.raises(SettingsError) as caught:
        await read(parts)

    assert "--profile work" in caught.value.fix
    assert safedep.asked == []


async def test_the_key_is_in_no_row_and_no_setting(parts: Parts, tmp_path: Path) -> None:
    await log_in(parts, KEY)
    await read(parts)

    stored = b"".join(path.read_bytes() for path in (tmp_path / "data").rglob("*") if path.is_file())
    assert stored
    assert KEY.encode() not in stored
    assert KEY.encode() not in msgspec.json.encode(parts.settings)
