import asyncio
import signal
import ssl
import sys
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest

from jfrog_standin.address import FILE, Address
from jfrog_standin.child import started


async def run(*arguments: str) -> tuple[int, str, str]:
    """Run one command to its end: exit code, stdout, stderr."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "jfrog_standin", *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(process.communicate(), timeout=120)
    return process.returncode or 0, out.decode(), err.decode()


async def get(address: Address, path: str, token: str = "") -> tuple[int, Any]:
    trust = ssl.create_default_context(cafile=address.ca) if address.ca else True
    headers = {"Authorization": f"Bearer {token or address.admin_token}"}
    async with (
        aiohttp.ClientSession() as session,
        session.get(address.url + path, ssl=trust, headers=headers) as response,
    ):
        return response.status, msgspec.json.decode(await response.read())


async def test_a_served_platform_tells_how_to_reach_it_and_is_steered_by_commands(tmp_path: Path) -> None:
    data = ("--data", str(tmp_path))
    path = "/xray/api/v1/system/ping"
    async with started(tmp_path, "--mode", "silent") as address:
        added = await run("fault", "add", "status", "--status", "503", "--path", "/xray/*", *data)
        struck = await get(address, path)
        listed = await run("fault", "list", *data)
        cleared = await run("fault", "clear", *data)
        well = await get(address, path)
        switched = await run("switch", "mode=strict", "latency_ms=1", *data)
        counts = await run("log", "counts", *data)
        logged = await run("log", "--path", "/xray", *data)

    assert address.ca == str(tmp_path / "ca.pem")
    assert (added[0], msgspec.json.decode(added[1])) == (0, {"id": 1})
    assert (struck[0], well) == (503, (200, {"status": "pong"}))
    assert msgspec.json.decode(listed[1])[0]["struck"] == 1
    assert cleared == (0, "", "")
    assert msgspec.json.decode(switched[1])["mode"] == "strict"
    assert msgspec.json.decode(counts[1]) == {f"GET {path}": 2}
    assert [msgspec.json.decode(line)["status"] for line in logged[1].splitlines()] == [503, 200]


async def test_a_token_of_any_kind_is_made_by_command(tmp_path: Path) -> None:
    data = ("--data", str(tmp_path))
    async with started(tmp_path, "--plain") as address:
        reference = (await run("token", "--reference", *data))[1].strip()
        old = (await run("token", "--expires-in-s=-1", *data))[1].strip()
        for_artifactory = (await run("token", "--audience", "jfrt@*", *data))[1].strip()
        answers = [
            await get(address, "/xray/api/v2/policies", token) for token in (reference, old, for_artifactory)
        ]

    assert address.ca is None
    assert len(reference) == 64
    assert [status for status, _ in answers] == [200, 401, 401]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_it_cleanly_even_with_a_request_hanging(tmp_path: Path, number: int) -> None:
    command = (sys.executable, "-m", "jfrog_standin", "serve", "--json", "--data", str(tmp_path))
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    line = await asyncio.wait_for(process.stdout.readline(), timeout=120)
    address = msgspec.json.decode(line, type=Address)
    await run("fault", "add", "hung", "--path", "/xray/*", "--data", str(tmp_path))
    hanging = asyncio.create_task(get(address, "/xray/api/v1/system/ping"))
    await run("log", "--data", str(tmp_path))

    process.send_signal(number)
    out, err = await asyncio.wait_for(process.communicate(), timeout=120)

    with pytest.raises(aiohttp.ClientError):
        await hanging
    assert (process.returncode, out, err) == (0, b"", b"")
    assert not (tmp_path / FILE).exists()


async def test_the_address_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    async with started(tmp_path) as address:
        mode = (tmp_path / FILE).stat().st_mode & 0o777
        written = msgspec.json.decode((tmp_path / FILE).read_bytes(), type=Address)

    assert mode == 0o600
    assert written == address


async def test_a_command_without_a_stand_in_says_so(tmp_path: Path) -> None:
    code, out, err = await run("fault", "list", "--data", str(tmp_path))

    assert (code, out) == (1, "")
    assert "jfrog-standin serve" in err
    assert "Traceback" not in err


async def test_a_command_that_is_refused_says_why(tmp_path: Path) -> None:
    data = ("--data", str(tmp_path))
    async with started(tmp_path):
        unknown = await run("switch", "mood=good", *data)
        share = await run("fault", "add", "slow", "--share", "2", *data)
        shapeless = await run("switch", "mode", *data)

    assert [answer[0] for answer in (unknown, share, shapeless)] == [1, 1, 1]
    assert "mood" in unknown[2]
    assert "share is between 0 and 1" in share[2]


async def test_it_listens_beyond_loopback_only_when_told(tmp_path: Path) -> None:
    code, _, err = await run("serve", "--host", "192.0.2.1", "--data", str(tmp_path))

    assert code == 1
    assert "loopback" in err
    assert "Traceback" not in err


async def test_a_taken_port_is_said(tmp_path: Path) -> None:
    async with started(tmp_path / "first") as address:
        port = address.url.rpartition(":")[2]
        code, _, err = await run("serve", "--port", port, "--data", str(tmp_path / "second"))

    assert code == 1
    assert "Could not start the stand-in" in err


async def test_a_package_is_built_by_command_and_served_like_any_other(tmp_path: Path) -> None:
    data = ("--data", str(tmp_path))
    async with started(tmp_path) as address:
        npm = await run("package", "npm", "@pond/reed", "1.0.0", *data)
        pypi = await run("package", "pypi", "reed", "1.0.0", *data)
        go = await run("package", "go", "example.com/reed", "v1.0.0", *data)
        nowhere = await run("package", "npm", "reed", "1.0.0", "--repo", "nowhere", *data)
        hostile = await run("package", "npm", "../reed", "1.0.0", *data)
        status, packument = await get(address, "/artifactory/api/npm/npm/@pond%2freed")

    assert [answer[0] for answer in (npm, pypi, go, nowhere, hostile)] == [0, 0, 0, 1, 1]
    assert msgspec.json.decode(npm[1]) == {"repo": "npm-local", "files": ["@pond/reed/-/reed-1.0.0.tgz"]}
    assert len(msgspec.json.decode(go[1])["files"]) == 3
    assert (status, list(packument["versions"])) == (200, ["1.0.0"])


async def test_it_starts_with_repositories_of_each_type_or_empty_when_asked(tmp_path: Path) -> None:
    path = "/artifactory/api/repositories"
    async with started(tmp_path) as address:
        full = await get(address, path)
    async with started(tmp_path, "--empty") as address:
        empty = await get(address, path)

    keys = {entry["key"] for entry in full[1]}
    assert keys >= {"npm", "npm-local", "npm-remote", "pypi", "go", "generic-local"}
    assert empty == (200, [])


async def test_a_platform_is_grown_by_command_and_lives_on_by_another(tmp_path: Path) -> None:
    data = ("--data", str(tmp_path))
    async with started(tmp_path, "--seed-images", "12", "--day", "1") as address:
        status, listed = await get(address, "/xray/api/v1/artifacts?repo=docker-dev-local")
        tomorrow = await run("day", *data)
        yesterday = await run("day", "1", *data)

    assert status == 200
    assert listed["data"]
    assert (tomorrow[0], msgspec.json.decode(tomorrow[1])) == (0, {"day": 2})
    assert yesterday[0] == 1
    assert "is day 2 already" in yesterday[2]


async def test_a_platform_that_was_not_grown_has_no_days(tmp_path: Path) -> None:
    async with started(tmp_path):
        refused = await run("day", "--data", str(tmp_path))

    assert refused[0] == 1
    assert "--seed-images" in refused[2]
