"""The real pip and uv against the stand-in."""

import sys
from pathlib import Path

import pytest

from jfrog_standin.artifactory import packages
from jfrog_standin.server import Running
from standin.conftest import Client
from standin.stock import add_packages, add_repositories, block, unblock
from standin.tools import VENV, pip_env, run, uv_env, with_token

PIP = (sys.executable, "-m", "pip")
JSON_PAGE = "application/vnd.pypi.simple.v1+json"


@pytest.fixture(autouse=True)
def stocked(standin: Running) -> None:
    add_repositories(standin.platform)
    add_packages(standin.platform)


async def test_pip_installs_a_project_with_what_it_requires(standin: Running, tmp_path: Path) -> None:
    ran = await run(
        *PIP, "install", "--target", "installed", "reed-stem", env=pip_env(standin, tmp_path), cwd=tmp_path
    )

    assert ran.code == 0, ran.out
    assert (tmp_path / "installed/reed_stem.py").read_text() == "VERSION = '1.1.0'\n"
    assert (tmp_path / "installed/reed_leaf.py").exists()


async def test_pip_does_not_get_what_xray_blocks_until_the_issue_is_deleted(
    standin: Running, ask: Client, tmp_path: Path
) -> None:
    download = (*PIP, "download", "--no-deps", "-d", "files", "reed-stem==1.0.0")
    env = pip_env(standin, tmp_path)
    await block(ask, "pypi", "reed-stem", "1.0.0")

    refused = await run(*download, env=env, cwd=tmp_path)
    await unblock(ask)
    fetched = await run(*download, env=env, cwd=tmp_path)

    assert refused.code == 1
    assert "403" in refused.out
    assert fetched.code == 0, fetched.out


async def test_uv_publishes_and_installs(standin: Running, ask: Client, tmp_path: Path) -> None:
    env = uv_env(standin, tmp_path)
    wheel = tmp_path / "reed_new-3.0-py3-none-any.whl"
    wheel.write_bytes(packages.wheel("reed-new", "3.0", requires=("reed-stem",)))
    upload_to = f"{standin.url}/artifactory/api/pypi/pypi"
    account = ("--username", "admin", "--password", standin.admin_token)

    published = await run(
        VENV / "uv", "publish", "--publish-url", upload_to, *account, wheel, env=env, cwd=tmp_path
    )
    installed = await run(
        VENV / "uv", "pip", "install", "--target", "installed", "reed-new", env=env, cwd=tmp_path
    )
    item = await ask("GET", f"/artifactory/api/storage/pypi-local/reed-new/3.0/{wheel.name}?properties")

    assert published.code == 0, published.out
    assert installed.code == 0, installed.out
    assert (tmp_path / "installed/reed_stem.py").exists()
    assert item.json["properties"] == {"pypi.name": ["reed-new"], "pypi.version": ["3.0"]}


async def test_a_page_is_html_with_relative_links_even_when_json_is_asked_for(ask: Client) -> None:
    page = await ask("GET", "/artifactory/api/pypi/pypi/simple/reed-stem/", headers={"Accept": JSON_PAGE})

    assert page.status == 200
    assert page.headers["Content-Type"].startswith("text/html")
    assert 'href="../../Reed.Stem/1.0.0/reed_stem-1.0.0-py3-none-any.whl#sha256=' in page.text
    assert 'data-requires-python="&gt;=3.8"' in page.text


async def test_a_switch_gives_json_to_who_asks_for_it(standin: Running, ask: Client) -> None:
    standin.platform.switch(pypi_simple_json=True)

    page = await ask("GET", "/artifactory/api/pypi/pypi/simple/reed-leaf/", headers={"Accept": JSON_PAGE})
    html = await ask("GET", "/artifactory/api/pypi/pypi/simple/reed-leaf/")

    assert page.headers["Content-Type"].startswith(JSON_PAGE)
    files = {file["filename"]: file for file in page.json["files"]}
    assert set(files) == {"reed_leaf-2.0-py3-none-any.whl", "reed_leaf-2.0.tar.gz"}
    assert set(files["reed_leaf-2.0.tar.gz"]) == {"filename", "url", "hashes", "requires-python", "yanked"}
    assert html.headers["Content-Type"].startswith("text/html")


async def test_only_the_normalised_name_is_found(ask: Client) -> None:
    at = "/artifactory/api/pypi/pypi-local/simple"

    normalised = await ask("GET", f"{at}/reed-stem/")
    as_written = await ask("GET", f"{at}/Reed.Stem/")
    unslashed = await ask("GET", f"{at}/reed-stem")
    projects = await ask("GET", f"{at}/")

    assert (normalised.status, as_written.status, unslashed.status) == (200, 404, 302)
    assert "reed-leaf/" in projects.text
    assert "reed-stem/" in projects.text


async def test_an_upload_with_a_wrong_digest_is_refused(
    standin: Running, ask: Client, tmp_path: Path
) -> None:
    form = (
        b'--b\r\nContent-Disposition: form-data; name=":action"\r\n\r\nfile_upload\r\n'
        b'--b\r\nContent-Disposition: form-data; name="name"\r\n\r\nreed-x\r\n'
        b'--b\r\nContent-Disposition: form-data; name="version"\r\n\r\n1.0\r\n'
        b'--b\r\nContent-Disposition: form-data; name="sha256_digest"\r\n\r\n' + b"0" * 64 + b"\r\n"
        b'--b\r\nContent-Disposition: form-data; name="content"; filename="reed_x-1.0.tar.gz"\r\n\r\nx\r\n'
        b"--b--\r\n"
    )

    answer = await ask(
        "POST",
        "/artifactory/api/pypi/pypi-local/",
        data=form,
        headers={"Content-Type": "multipart/form-data; boundary=b"},
    )

    assert answer.status == 409
    assert standin.platform.artifactory.get("pypi-local", "reed-x/1.0/reed_x-1.0.tar.gz") is None


@pytest.mark.parametrize(
    "body", [b"", b"no form", b"--b\r\n\r\n", b"--b\r\nContent-Length: x\r\n\r\ny\r\n--b--"]
)
async def test_what_is_no_upload_is_refused(ask: Client, body: bytes) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=b"}

    answer = await ask("POST", "/artifactory/api/pypi/pypi/", data=body, headers=headers)
    no_form = await ask("POST", "/artifactory/api/pypi/pypi/", data=body)

    assert (answer.status, no_form.status) == (400, 400)


async def test_credentials_in_the_index_url_are_needed(standin: Running, tmp_path: Path) -> None:
    env = pip_env(standin, tmp_path)
    anonymous = env | {"PIP_INDEX_URL": env["PIP_INDEX_URL"].replace(with_token(standin), standin.url)}

    ran = await run(*PIP, "download", "-d", "files", "reed-leaf", env=anonymous, cwd=tmp_path)

    assert ran.code == 1
    assert standin.admin_token not in ran.out
