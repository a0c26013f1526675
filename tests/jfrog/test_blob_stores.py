"""Where Artifactory redirects to a store elsewhere, what is fetched there, with what, and when it is not."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jfrog.platforms import impatient
from jfrog_standin.artifactory import images
from jfrog_standin.artifactory.repository import Repository
from jfrog_standin.server import Running
from reedbed.errors import Unreachable, Unreadable
from reedbed.jfrog import docker
from reedbed.jfrog.blob_stores import Admitted, PublicOnly, admitted
from reedbed.jfrog.session import connect
from reedbed.model.platform import Platform

HOSTS = (".s3.example", "store.example", "10.0.0.8", "127.0.0.1:9000", "[::1]")
IMAGE = images.image([images.layer({"app": b"1"})], config={"Labels": {"team": "pond"}})
CONFIG = IMAGE.config.described.digest


def stored(standin: Running) -> None:
    """An image whose blobs are in a store elsewhere."""
    artifactory = standin.platform.artifactory
    artifactory.add(msgspec.convert({"key": "docker-local", "package_type": "docker"}, Repository))
    images.put(artifactory, "docker-local", "team/app", "1.0", IMAGE)
    standin.platform.switch(blob_redirects=True)


def platform(standin: Running, *hosts: str) -> Platform:
    return Platform(
        name="prod", url=standin.url, ca_file=str(standin.ca_path), per_second=10_000, blob_hosts=hosts
    )


def host(standin: Running) -> str:
    return standin.platform.blob_store.url.removeprefix("https://")


async def fetch(standin: Running, *hosts: str) -> object:
    async with connect(platform(standin, *hosts), standin.admin_token, patience=impatient()) as jfrog:
        return (await docker.config_blob(jfrog, "docker-local", "team/app", CONFIG))["config"]


async def test_a_store_that_was_named_is_asked_without_token_and_cookies(standin: Running) -> None:
    stored(standin)

    config = await fetch(standin, host(standin))

    assert config == {"Labels": {"team": "pond"}}
    [asked] = standin.platform.blob_store.asked
    assert asked.status == 200
    assert asked.headers.keys() == {"host", "accept", "accept-encoding", "user-agent"}


@pytest.mark.parametrize("hosts", [(), (".s3.example",), ("127.0.0.1",), (".0.0.1",)])
async def test_a_store_that_nobody_named_is_not_asked(standin: Running, hosts: tuple[str, ...]) -> None:
    stored(standin)

    with pytest.raises(Unreadable) as caught:
        await fetch(standin, *hosts)

    assert "127.0.0.1" in caught.value.why
    assert "Signature" not in str(caught.value)
    assert "platform edit prod --blob-host" in caught.value.fix
    assert standin.platform.blob_store.asked == []


async def test_a_store_that_does_not_give_the_file_is_no_failure_of_the_platform(standin: Running) -> None:
    stored(standin)
    named = platform(standin, host(standin))
    await standin.platform.blob_store.close()

    async with connect(named, standin.admin_token, patience=impatient()) as jfrog:
        for _ in range(jfrog.breaker.threshold + 1):
            with pytest.raises(Unreachable, match="nothing listens"):
                await docker.config_blob(jfrog, "docker-local", "team/app", CONFIG)

        assert not jfrog.breaker.is_open


async def test_a_name_that_only_an_ending_admits_leads_to_no_private_address() -> None:
    with pytest.raises(OSError, match="no public address"):
        await PublicOnly().resolve("localhost", 443)


@pytest.mark.parametrize(
    ("location", "allowed"),
    [
        ("https://bucket.s3.example/a?X-Amz-Signature=1", Admitted(host="bucket.s3.example", anywhere=False)),
        ("https://BUCKET.s3.example:443/a", Admitted(host="bucket.s3.example", anywhere=False)),
        ("https://store.example/a", Admitted(host="store.example", anywhere=True)),
        ("https://10.0.0.8/a", Admitted(host="10.0.0.8", anywhere=True)),
        ("https://[::1]/a", Admitted(host="[::1]", anywhere=True)),
        ("https://127.0.0.1:9000/a", Admitted(host="127.0.0.1:9000", anywhere=True)),
        ("http://store.example/a", None),
        ("https://s3.example/a", None),
        ("https://evils3.example/a", None),
        ("https://store.example.evil.example/a", None),
        ("https://me:secret@store.example/a", None),
        ("https://store.example:8443/a", None),
        ("https://bucket.s3.example:8443/a", None),
        ("https://10.0.0.9/a", None),
        ("//store.example/a", None),
        ("/artifactory/elsewhere", None),
        ("https://store.example:no/a", None),
        ("https://[::1/a", None),
        ("", None),
    ],
)
def test_only_what_was_named_is_admitted(location: str, allowed: Admitted | None) -> None:
    found = admitted(location, HOSTS)

    assert (None if isinstance(found, str) else found) == allowed


@given(st.text())
def test_any_location_is_judged_and_never_shown_whole(location: str) -> None:
    found = admitted(location, HOSTS)

    assert isinstance(found, str)
    assert len(found) < 250


@pytest.mark.parametrize(
    "wrong", ["", ".com", "https://a.example", "a b", "a.example/", "*.example", "a:", "." * 200]
)
def test_what_is_no_host_is_no_blob_host(wrong: str) -> None:
    with pytest.raises(ValueError, match="blob host"):
        Platform(name="prod", url="https://a.example", blob_hosts=(wrong,))
