"""The export of an artifact's components: a ZIP with documents, and what is refused."""

import io
import zipfile
from typing import Any

import msgspec
import pytest

from jfrog_standin.server import Running
from jfrog_standin.xray.scan import Scan
from standin.conftest import Answer, Client
from standin.scans import MOMENT, OPENSSL, issue, put_image

EXPORT = "/xray/api/v2/component/exportDetails"
IMAGE = {"path": "/docker-local/team/app/1.0/manifest.json", "package_type": "docker"}


def documents(answer: Answer) -> list[Any]:
    assert answer.status == 200, answer.text
    with zipfile.ZipFile(io.BytesIO(answer.body)) as archive:
        return [msgspec.json.decode(archive.read(name)) for name in archive.namelist()]


@pytest.mark.parametrize("written", ["json", ["json"]])
async def test_components_and_flaws_are_exported_as_cyclonedx(
    standin: Running, ask: Client, written: str | list[str]
) -> None:
    put_image(standin, "1.0", Scan(components=(OPENSSL,), issues=(issue(),)))

    order = IMAGE | {"cyclonedx": True, "cyclonedx_format": written, "vex": True}
    (document,) = documents(await ask("POST", EXPORT, json=order))

    assert [part["purl"] for part in document["components"]] == [
        "pkg:apk/alpine/libssl@1.1.1k-r0?distro=3.12",
        "pkg:npm/moment@2.29.3",
    ]
    assert document["vulnerabilities"][0]["id"] == "CVE-2026-0001"
    assert document["vulnerabilities"][0]["cwes"] is None  # against the schema, as on a real one


async def test_several_documents_come_in_one_zip(standin: Running, ask: Client) -> None:
    put_image(standin, "1.0", Scan(components=(MOMENT,)))

    order = {"component_name": "team/app:1.0", "package_type": "docker", "security": True}
    both = documents(await ask("POST", EXPORT, json=order | {"spdx": True, "spdx_format": "json"}))

    assert both[0]["spdxVersion"] == "SPDX-2.3"
    assert both[1]["components"] == [MOMENT.uri]


async def test_a_format_without_its_own_switch_is_refused(standin: Running, ask: Client) -> None:
    put_image(standin, "1.0")

    answer = await ask("POST", EXPORT, json=IMAGE | {"cyclonedx": True})

    assert (answer.status, answer.json) == (400, {"error": "one or more parameters are missing"})


async def test_what_was_not_scanned_is_not_exported(standin: Running, ask: Client) -> None:
    put_image(standin, "1.0", Scan(status="EXPIRED"))

    assert (await ask("POST", EXPORT, json=IMAGE | {"security": True})).status == 404
