import msgspec
import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from jfrog.platforms import at, impatient, local, served
from jfrog_standin.access import User
from jfrog_standin.artifactory.packages import add_go, add_npm, add_pypi
from jfrog_standin.artifactory.repository import Repository
from jfrog_standin.faults import Fault, Params
from jfrog_standin.permissions import Grant
from jfrog_standin.server import Running
from reedbed.errors import Refused, Unreadable
from reedbed.jfrog import aql
from reedbed.jfrog.artifactory import Artifactory, storage_keys, verdict_of
from reedbed.jfrog.causes import Cause, Failure
from reedbed.jfrog.layouts import criteria_of, go_escape, go_unescape, release_of
from reedbed.jfrog.session import JFrog, connect
from reedbed.model.ecosystem import PackageType
from reedbed.model.purl import Purl, purl

AXIOS, TINYCOLOR = purl(PackageType.NPM, "axios"), purl(PackageType.NPM, "@ctrl/tinycolor")
FLASK, EVIL = purl(PackageType.PYPI, "flask-foo"), purl(PackageType.GO, "github.com/Alice/evil")


@pytest.fixture
def artifactory(jfrog: JFrog) -> Artifactory:
    return Artifactory(jfrog)


@pytest.fixture
def stocked(standin: Running) -> Running:
    storage = standin.platform.artifactory
    for kind in ("npm", "pypi", "go", "generic"):
        storage.add(Repository(key=f"{kind}-local", package_type=kind))
    storage.add(Repository(key="npm-remote", rclass="remote", package_type="npm"))
    storage.add(
        Repository(key="npm", rclass="virtual", package_type="npm", members=("npm-local", "npm-remote"))
    )
    for version in ("1.13.0", "1.14.1"):
        add_npm(storage, "npm-local", "axios", version)
    add_npm(storage, "npm-local", "axios-mock", "1.0.0")
    add_npm(storage, "npm-local", "@ctrl/tinycolor", "4.1.1")
    storage.put("npm-remote-cache", "axios/-/axios-0.30.4.tgz", b"cached", by="alice")
    add_pypi(storage, "pypi-local", "Flask_Foo", "1.0")
    add_go(storage, "go-local", "github.com/Alice/evil", "v1.2.3")
    return standin


async def test_a_file_is_uploaded_downloaded_and_deleted(artifactory: Artifactory, stocked: Running) -> None:
    path = "a b/ü+1.txt"

    await artifactory.upload("generic-local", path, b"harmless")
    there = await artifactory.download("generic-local", path)
    first, second = (
        await artifactory.delete("generic-local", path),
        await artifactory.delete("generic-local", path),
    )
    gone = await artifactory.download("generic-local", path)

    assert (there.verdict, gone.verdict) == ("served", "missing")
    assert (first, second) == (True, False)


async def test_an_upload_that_broke_on_the_way_is_made_again(
    artifactory: Artifactory, stocked: Running
) -> None:
    stocked.platform.faults.add(Fault(kind="drop_after", method="PUT", count=1))

    await artifactory.upload("generic-local", "x.txt", b"harmless")

    assert (await artifactory.download("generic-local", "x.txt")).verdict == "served"


async def test_the_repositories_are_listed_and_caches_are_where_remotes_keep_their_files(
    artifactory: Artifactory, stocked: Running
) -> None:
    repositories = await artifactory.repositories()

    npm = [repo for repo in repositories if repo.packageType.lower() == "npm"]
    assert storage_keys(npm) == ["npm-local", "npm-remote-cache"]


async def test_the_releases_of_packages_are_found_with_their_downloads(
    artifactory: Artifactory, stocked: Running
) -> None:
    for _ in range(3):
        await artifactory.download("npm-local", "axios/-/axios-1.14.1.tgz")
    nuget, crate = purl(PackageType.NUGET, "evil"), purl(PackageType.CARGO, "evil")
    stocked.platform.artifactory.add(Repository(key="nuget-local", package_type="nuget"))

    served_now = await artifactory.released([AXIOS, TINYCOLOR, FLASK, EVIL, nuget, crate])

    found = {(r.package, r.version, r.repository, r.downloads) for r in served_now.releases}
    assert found >= {
        (AXIOS, "1.13.0", "npm-local", 0),
        (AXIOS, "1.14.1", "npm-local", 3),
        (AXIOS, "0.30.4", "npm-remote-cache", 0),
        (TINYCOLOR, "4.1.1", "npm-local", 0),
        (FLASK, "1.0", "pypi-local", 0),
        (EVIL, "1.2.3", "go-local", 0),
    }
    assert {release.package for release in served_now.releases} == {AXIOS, TINYCOLOR, FLASK, EVIL}
    assert list(served_now.not_known) == [nuget]  # and of crates there is no repository at all


async def test_many_packages_take_few_queries_none_of_them_too_long(
    artifactory: Artifactory, stocked: Running
) -> None:
    packages = [purl(PackageType.NPM, f"@some-scope/package-number-{n}") for n in range(500)]

    served_now = await artifactory.released([*packages, AXIOS])

    assert {release.package for release in served_now.releases} == {AXIOS}
    assert len(stocked.platform.log.entries(method="POST", path="/artifactory/api/search/aql")) <= 12


async def test_a_trimmed_answer_is_asked_for_in_halves(artifactory: Artifactory, stocked: Running) -> None:
    stocked.platform.switch(aql_max_rows=3)

    served_now = await artifactory.released([AXIOS, TINYCOLOR])

    assert {release.package for release in served_now.releases} == {AXIOS, TINYCOLOR}
    assert set(served_now.not_known) <= {AXIOS}


async def test_a_package_with_more_files_than_artifactory_lists_is_not_known(
    artifactory: Artifactory, stocked: Running
) -> None:
    stocked.platform.switch(aql_max_rows=1)

    served_now = await artifactory.released([AXIOS])

    assert "has more" in served_now.not_known[AXIOS]


async def test_pages_go_on_behind_files_that_the_user_may_not_read(stocked: Running) -> None:
    storage = stocked.platform.artifactory
    for folder in ("closed", "open"):
        for n in range(1_200):
            storage.put("generic-local", f"{folder}/{n:04}.txt", b"x", by="admin")
    grant = Grant(repo="generic-local", path="open/*")
    stocked.platform.access.add_user(User(name="alice", password="x", grants=(grant,)))
    token = stocked.platform.access.issue("alice").access_token

    async with connect(at(stocked), token, patience=impatient()) as jfrog:
        items = Artifactory(jfrog).items("generic-local", {"name": {"$match": "*.txt"}})
        names = [item.full_path async for item in items]

    assert names == [f"open/{n:04}.txt" for n in range(1_200)]


async def test_a_list_whose_rest_is_hidden_beyond_the_limit_of_rows_is_not_taken_for_whole(
    stocked: Running,
) -> None:
    storage = stocked.platform.artifactory
    for path in ("a-open/1.txt", *(f"closed/{n}.txt" for n in range(4)), "open/1.txt"):
        storage.put("generic-local", path, b"x", by="admin")
    grants = tuple(Grant(repo="generic-local", path=f"{folder}/*") for folder in ("a-open", "open"))
    stocked.platform.access.add_user(User(name="alice", password="x", grants=grants))
    token = stocked.platform.access.issue("alice").access_token
    stocked.platform.switch(aql_max_rows=3)

    async with connect(at(stocked), token, patience=impatient()) as jfrog:
        items = Artifactory(jfrog).items("generic-local", {"name": {"$match": "*.txt"}})
        first = await anext(items)
        with pytest.raises(Unreadable, match="may not read"):
            await anext(items)

    assert first.full_path == "a-open/1.txt"


async def test_an_invalid_query_is_refused_with_what_jfrog_says(
    artifactory: Artifactory, stocked: Running
) -> None:
    with pytest.raises(Refused, match="Failed to parse query"):
        await artifactory.query("items.find({")


async def test_an_answer_that_is_cut_off_is_asked_for_again() -> None:
    answers = [b'{"results":[{"repo":"a","pa', b'{"results":[{"repo":"a","path":".","name":"x"}],"range":{}}']

    async def streaming(request: web.Request) -> web.Response:
        return web.Response(body=answers.pop(0), content_type="application/json")

    async with served(streaming) as url, connect(local(url), "t.t.t", patience=impatient()) as jfrog:
        found = await Artifactory(jfrog).query('items.find({"repo":"a"})')

    assert [item.full_path for item in found.results] == ["x"]


async def test_an_answer_that_is_always_cut_off_is_unreadable() -> None:
    async def streaming(request: web.Request) -> web.Response:
        return web.Response(body=b'{"results":[', content_type="application/json")

    async with served(streaming) as url, connect(local(url), "t.t.t", patience=impatient()) as jfrog:
        with pytest.raises(Unreadable):
            await Artifactory(jfrog).query("items.find({})")


@pytest.mark.parametrize(
    ("cause", "seen", "status", "verdict"),
    [
        (Cause.REDIRECT, "a redirect to https://store.example", 302, "served"),
        (Cause.TOO_LARGE, "larger", 200, "served"),
        (Cause.TOO_LARGE, "larger", 500, None),
        (Cause.FORBIDDEN, "not downloaded due to the download blocking policy configured", 403, "blocked"),
        (Cause.FORBIDDEN, "Forbidden", 403, "forbidden"),
        (Cause.NOT_FOUND, "Not Found", 404, "missing"),
        (Cause.ASLEEP, "asleep", 302, None),
        (Cause.UNAUTHORISED, "Bad credentials", 401, None),
    ],
)
def test_a_download_is_judged_by_what_the_answer_says(
    cause: Cause, seen: str, status: int, verdict: str | None
) -> None:
    assert verdict_of(Failure(cause=cause, seen=seen, status=status)) == verdict


async def test_a_download_that_nobody_answers_is_no_verdict(
    artifactory: Artifactory, stocked: Running
) -> None:
    stocked.platform.faults.add(Fault(kind="status", params=Params(status=401)))

    with pytest.raises(Refused):
        await artifactory.download("npm-local", "axios/-/axios-1.14.1.tgz")


# Pure


@given(st.lists(st.text(max_size=300), max_size=60), st.integers(10, 2_000))
def test_chunks_lose_nothing_and_keep_to_their_room(names: list[str], room: int) -> None:
    alternatives = [(n, {"name": name}) for n, name in enumerate(names)]

    groups = list(aql.chunks(alternatives, room))

    assert [one for group in groups for one in group] == alternatives
    for group in groups:
        text = msgspec.json.encode([criteria for _, criteria in group])
        assert len(group) == 1 or len(text.decode()) <= room + 2


@given(st.text(max_size=60))
def test_no_name_breaks_out_of_a_query(name: str) -> None:
    query = aql.find_items({"name": name}, limit=1)

    inside = (
        query.removeprefix("items.find(").partition(").include(")[0] if ").include(" not in name else None
    )
    assert inside is None or msgspec.json.decode(inside) == {"name": name}


@pytest.mark.parametrize(
    ("package_type", "path", "name", "package", "version"),
    [
        (PackageType.NPM, "axios/-", "axios-1.14.1.tgz", "axios", "1.14.1"),
        (PackageType.NPM, "@a/b/-", "b-1.0.0-rc.1.tgz", "@a/b", "1.0.0-rc.1"),
        (PackageType.NPM, "@a/b/-/@a", "b-1.0.0.tgz", "@a/b", "1.0.0"),
        (PackageType.PYPI, "30/9e", "Flask_Foo-1.0.tar.gz", "flask-foo", "1.0"),
        (PackageType.PYPI, "x", "flask_foo-1.0.post1-py3-none-any.whl", "flask-foo", "1.0.post1"),
        (PackageType.GO, "github.com/!alice/evil/@v", "v1.2.3.zip", "github.com/Alice/evil", "1.2.3"),
        (
            PackageType.CARGO,
            "crates/rust_decimal",
            "rust_decimal-1.0.0-rc.1.crate",
            "rust-decimal",
            "1.0.0-rc.1",
        ),
        (PackageType.RUBYGEMS, "gems", "atlas-client-0.0.2-java.gem", "atlas-client", "0.0.2"),
        (PackageType.MAVEN, "org/mvnpm/evil/4.18.1", "evil-4.18.1.jar", "org.mvnpm:evil", "4.18.1"),
        (
            PackageType.COMPOSER,
            "intercom/intercom-php/commits/ab",
            "archive.zip",
            "intercom/intercom-php",
            None,
        ),
    ],
)
def test_a_path_says_which_release_it_is(
    package_type: PackageType, path: str, name: str, package: str, version: str | None
) -> None:
    assert release_of(package_type, path, name) == (purl(package_type, package), version)


@given(st.sampled_from(list(PackageType)), st.text(max_size=40), st.text(max_size=40))
def test_no_path_makes_reading_it_fail(package_type: PackageType, path: str, name: str) -> None:
    found = release_of(package_type, path, name)

    assert found is None or (isinstance(found[0], Purl))


@given(st.from_regex(r"[A-Za-z0-9.]+(/[A-Za-z0-9._~-]+)*", fullmatch=True))
def test_a_module_path_survives_its_escaping(module: str) -> None:
    escaped = go_escape(module)

    assert escaped == escaped.lower()
    assert go_unescape(escaped) == module


def test_a_name_with_a_wild_card_is_not_asked_for() -> None:
    assert criteria_of(purl(PackageType.NPM, "a*b")) is None
