"""The real pip and uv against the stand-in."""

import hashlib
import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from jfrog_standin.artifactory import packages
from jfrog_standin.artifactory.ordered import Package, add
from jfrog_standin.server import Running
from standin.conftest import Client
from standin.stock import add_packages, add_remotes, add_repositories, block, unblock, upstreams
from standin.tools import VENV, Ran, pip_env, run, uv_env, with_token

PIP = (sys.executable, "-m", "pip")
JSON_PAGE = "application/vnd.pypi.simple.v1+json"


def order(standin: Running, *, version: str, name: str = "reed-root", **more: Any) -> None:
    """Put a Python package of a test's own into the local repository."""
    ordered = Package(package_type="pypi", name=name, version=version, **more)
    add(standin.platform.artifactory, ordered)


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


async def test_sizes_and_upload_times_have_a_switch_of_their_own(standin: Running, ask: Client) -> None:
    page = "/artifactory/api/pypi/pypi/simple/reed-leaf/"
    published = datetime(2020, 2, 2, 2, 2, 2, tzinfo=UTC)
    order(standin, name="reed-leaf", version="1.0", published=published)
    standin.platform.switch(pypi_simple_json=True, pypi_upload_time=True)

    answer = await ask("GET", page, headers={"Accept": JSON_PAGE})

    files = {file["filename"]: file for file in answer.json["files"]}
    assert (answer.json["meta"]["api-version"], answer.json["versions"]) == ("1.1", ["1.0", "2.0"])
    assert files["reed_leaf-1.0.tar.gz"]["upload-time"] == "2020-02-02T02:02:02.000000Z"
    item = standin.platform.artifactory.get("pypi-local", "reed-leaf/1.0/reed_leaf-1.0.tar.gz")
    assert item is not None
    assert files["reed_leaf-1.0.tar.gz"]["size"] == item.size


async def resolved(standin: Running, home: Path, *options: str) -> Ran:
    """What uv pins for the requirement reed-root."""
    (home / "in.txt").write_text("reed-root\n")
    shown = ("--no-header", "--no-annotate", "-q")
    env = uv_env(standin, home)
    return await run(VENV / "uv", "pip", "compile", *shown, "in.txt", *options, env=env, cwd=home)


async def test_uv_leaves_out_what_is_too_young_yanked_or_for_another_python(
    standin: Running, tmp_path: Path
) -> None:
    standin.platform.switch(pypi_simple_json=True, pypi_upload_time=True)
    long_ago = datetime(2020, 2, 2, tzinfo=UTC)
    order(standin, version="1.0", published=long_ago)
    order(standin, version="1.1", published=long_ago, yanked="It bends")
    order(standin, version="1.2", published=long_ago, requires_python=">=3.99")
    order(standin, version="1.3")

    cooled = await resolved(standin, tmp_path, "--exclude-newer", "2021-01-01T00:00:00Z")
    any_age = await resolved(standin, tmp_path)

    assert (cooled.out, any_age.out) == ("reed-root==1.0\n", "reed-root==1.3\n")


async def test_uv_reads_metadata_alone_where_they_are_files_and_else_a_part_of_the_wheel(
    standin: Running, tmp_path: Path
) -> None:
    order(standin, version="1.0", requires={"reed-leaf": ">=2"})
    homes = [tmp_path / name for name in ("parts", "metadata")]
    for home in homes:
        home.mkdir()

    by_parts = await resolved(standin, homes[0])
    statuses = {entry.status for entry in standin.platform.log.entries() if entry.path.endswith(".whl")}
    standin.platform.log.clear()
    standin.platform.switch(pypi_metadata=True)
    by_files = await resolved(standin, homes[1])
    asked = [entry.path for entry in standin.platform.log.entries() if ".whl" in entry.path]

    assert by_parts.out == by_files.out == "reed-leaf==2.0\nreed-root==1.0\n"
    assert 206 in statuses
    assert asked
    assert all(path.endswith(".whl.metadata") for path in asked)


async def test_metadata_come_through_a_remote_if_its_upstream_has_them(
    standin: Running, upstream: Running, ask: Client
) -> None:
    add_repositories(upstream.platform)
    add_packages(upstream.platform)
    add_remotes(standin, upstreams(upstream))
    page, switch = "/artifactory/api/pypi/pypi-remote/simple/reed-leaf/", standin.platform.switch

    before = await ask("GET", page)
    upstream.platform.switch(pypi_metadata=True)
    switch(pypi_metadata=True)
    standin.platform.remotes.forget(standin.platform.artifactory.repositories["pypi-remote"])
    after = await ask("GET", page)
    found = re.search(
        r'href="../../([^"#]+\.whl)#sha256=\w+".* data-core-metadata="sha256=(\w+)"', after.text
    )
    assert found is not None
    metadata = await ask("GET", f"/artifactory/api/pypi/pypi-remote/{found[1]}.metadata")
    source = await ask("GET", f"/artifactory/api/pypi/pypi-remote/{found[1]}".replace(".whl", ".gz.metadata"))

    assert "metadata" not in before.text
    assert hashlib.sha256(metadata.body).hexdigest() == found[2]
    assert "Name: reed-leaf" in metadata.text
    assert source.status == 404


async def test_a_part_of_a_file_is_sent_to_who_asks_for_it(standin: Running, ask: Client) -> None:
    file = "/artifactory/pypi-local/reed-leaf/2.0/reed_leaf-2.0.tar.gz"
    whole = (await ask("GET", file)).body

    first = await ask("GET", file, headers={"Range": "bytes=2-5"})
    last = await ask("GET", file, headers={"Range": "bytes=-4"})
    beyond = await ask("GET", file, headers={"Range": f"bytes={len(whole)}-"})
    standin.platform.switch(file_ranges=False)
    ignored = await ask("GET", file, headers={"Range": "bytes=2-5"})

    assert (first.status, first.body, last.body) == (206, whole[2:6], whole[-4:])
    assert first.headers["Content-Range"] == f"bytes 2-5/{len(whole)}"
    assert (beyond.status, ignored.status, ignored.body) == (416, 200, whole)


async def test_an_ordered_source_distribution_marks_that_its_setup_ran_even_to_be_resolved(
    standin: Running, tmp_path: Path
) -> None:
    marker = tmp_path / "it-ran"
    order(standin, version="1.0", forms=("sdist",), marker=str(marker), requires={"reed-leaf": ""})

    refused = await resolved(standin, tmp_path, "--no-build")
    ran_unbuilt = marker.exists()
    built = await resolved(standin, tmp_path)
    by_uv = marker.read_text()
    pip = await run(
        *(*PIP, "install", "--target", "installed", "reed-root"), env=pip_env(standin, tmp_path), cwd=tmp_path
    )

    assert refused.code != 0
    assert not ran_unbuilt
    assert built.out == "reed-leaf==2.0\nreed-root==1.0\n"
    assert by_uv.startswith("reed-root==1.0\n")
    assert pip.code == 0, pip.out
    assert (tmp_path / "installed/reed_root.py").exists()


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
