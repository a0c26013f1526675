import stat
from pathlib import Path

import aiohttp
import pytest

from jfrog_standin.server import Running, running
from jfrog_standin.settings import Certificate, StandIn


async def ping(standin: Running) -> str:
    async with aiohttp.ClientSession() as session:
        url = f"{standin.url}/artifactory/api/system/ping"
        async with session.get(url, ssl=standin.ssl or True) as response:
            return await response.text()


async def test_a_client_with_the_ca_file_is_answered() -> None:
    async with running() as standin:
        assert standin.url.startswith("https://127.0.0.1:")
        assert await ping(standin) == "OK"


async def test_a_client_without_the_ca_file_refuses() -> None:
    async with running() as standin, aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            await session.get(standin.url)


@pytest.mark.parametrize(
    ("certificate", "reason"),
    [
        ("expired", "certificate has expired"),
        ("unknown-ca", "unable to get local issuer certificate"),
        ("wrong-host", "IP address mismatch"),
    ],
)
async def test_each_bad_certificate_is_refused_for_its_own_reason(
    certificate: Certificate, reason: str
) -> None:
    async with running(StandIn(certificate=certificate)) as standin:
        with pytest.raises(aiohttp.ClientConnectorCertificateError, match=reason):
            await ping(standin)


async def test_plain_http_is_served_when_asked_for() -> None:
    async with running(StandIn(certificate=None)) as standin:
        assert standin.ca_path is None
        assert standin.url.startswith("http://127.0.0.1:")
        assert await ping(standin) == "OK"


async def test_a_stand_in_started_again_in_its_folder_is_trusted_by_the_same_file(tmp_path: Path) -> None:
    async with running(StandIn(data=tmp_path)) as first:
        ca = (tmp_path / "ca.pem").read_bytes()
        trust = first.ssl

    async with running(StandIn(data=tmp_path)) as second, aiohttp.ClientSession() as session:
        async with session.get(f"{second.url}/xray/api/v1/system/ping", ssl=trust or True) as response:
            assert response.status == 200
        assert (tmp_path / "ca.pem").read_bytes() == ca
        assert stat.S_IMODE((tmp_path / "ca-key.pem").stat().st_mode) == 0o600


async def test_without_a_folder_nothing_is_left_behind() -> None:
    async with running() as standin:
        ca_path = standin.ca_path
        assert ca_path is not None
        assert ca_path.exists()

    assert not ca_path.parent.exists()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "jfrog.example"])  # noqa: S104 - refused
async def test_only_loopback_is_listened_on(host: str) -> None:
    with pytest.raises(ValueError, match="loopback"):
        async with running(StandIn(host=host)):
            pass


async def test_other_addresses_are_listened_on_when_allowed() -> None:
    async with running(StandIn(host="0.0.0.0", beyond_loopback=True)) as standin:  # noqa: S104
        assert standin.platform.url
