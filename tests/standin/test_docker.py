"""The registry of images, asked for by hand."""

import pytest

from jfrog_standin.access import User
from jfrog_standin.artifactory import images, oci
from jfrog_standin.permissions import Grant
from jfrog_standin.server import Running
from standin.conftest import Client
from standin.registry import (
    API,
    BASE,
    EVERY_MANIFEST,
    add_registries,
    app,
    files,
    manifest,
    push,
    push_manifest,
    put_tags,
    sha256,
)
from standin.stock import block, unblock

LOCAL = f"{API}/docker-local/v2"


@pytest.fixture(autouse=True)
def registries(standin: Running) -> None:
    add_registries(standin.platform)


def named(digest: str) -> str:
    return digest.replace(":", "__")


async def test_what_was_pushed_is_pulled_by_tag_and_by_digest(ask: Client) -> None:
    image = app(labels={"team": "pond"})

    pushed = await push(ask, "docker-local", "team/app", "1.0", image)
    by_tag = await manifest(ask, "docker-local", "team/app", "1.0")
    by_digest = await manifest(ask, "docker-local", "team/app", image.digest)
    head = await manifest(ask, "docker", "team/app", "1.0", method="HEAD")
    config = await ask("GET", f"{LOCAL}/team/app/blobs/{image.config.described.digest}")

    assert pushed.status == 201
    assert pushed.headers["Docker-Content-Digest"] == image.digest
    assert by_tag.status == by_digest.status == head.status == 200
    assert by_tag.body == by_digest.body == image.manifest.make()
    assert head.body == b""
    assert head.headers["Content-Length"] == str(image.manifest.size)
    for answer in (by_tag, by_digest, head):
        assert answer.headers["Content-Type"] == oci.OCI_MANIFEST
        assert answer.headers["Docker-Content-Digest"] == image.digest
        assert answer.headers["Docker-Distribution-Api-Version"] == "registry/2.0"
        assert answer.headers["X-Artifactory-Docker-Registry"] == "docker-local"
        assert f"sha256:{answer.headers['X-Checksum-Sha256']}" == image.digest
    assert config.json["config"]["Labels"] == {"team": "pond"}


async def test_a_push_is_laid_out_as_a_put(standin: Running, ask: Client) -> None:
    image = app(labels={"team": "pond"})
    images.put(standin.platform.artifactory, "oci-local", "team/app", "1.0", image)
    expected = standin.platform.artifactory.get("oci-local", "team/app/1.0/manifest.json")

    await push(ask, "docker-local", "team/app", "1.0", image)

    found = standin.platform.artifactory.get("docker-local", "team/app/1.0/manifest.json")
    assert found is not None
    assert expected is not None
    assert files(standin.platform) == files(standin.platform, "oci-local")
    assert found.properties == expected.properties
    assert found.created_by == "admin"


async def test_properties_of_images_are_found_by_aql_and_the_storage_api(ask: Client) -> None:
    image = app(labels={"team": "pond"})
    await push(ask, "docker-local", "team/app", "1.0", image)
    query = (
        'items.find({"repo":"docker-local","name":{"$match":"*manifest.json"},"@docker.label.team":"pond"})'
        '.include("repo","path","name","sha256")'
    )

    found = await ask("POST", "/artifactory/api/search/aql", data=query.encode())
    shown = await ask("GET", "/artifactory/api/storage/docker-local/team/app/1.0/manifest.json?properties")
    direct = await ask("GET", "/artifactory/docker-local/team/app/1.0/manifest.json")

    (row,) = found.json["results"]
    assert (row["path"], f"sha256:{row['sha256']}") == ("team/app/1.0", image.digest)
    assert shown.json["properties"]["docker.repoName"] == ["team/app"]
    assert shown.json["properties"]["docker.manifest.digest"] == [image.digest]
    assert direct.body == image.manifest.make()


async def test_a_blob_is_sent_in_chunks_and_in_part(standin: Running, ask: Client) -> None:
    body = b"0123456789"
    begun = await ask("POST", f"{LOCAL}/app/blobs/uploads/")
    at = begun.headers["Location"]

    first = await ask("PATCH", at, data=body[:4], headers={"Content-Range": "0-3"})
    wrong = await ask("PATCH", at, data=body[8:], headers={"Content-Range": "8-9"})
    status = await ask("GET", at)
    second = await ask("PATCH", at, data=body[4:8])
    ended = await ask("PUT", f"{at}?digest={sha256(body)}", data=body[8:])
    part = await ask("GET", f"{LOCAL}/app/blobs/{sha256(body)}", headers={"Range": "bytes=2-5"})
    beyond = await ask("GET", f"{LOCAL}/app/blobs/{sha256(body)}", headers={"Range": "bytes=10-"})

    assert (begun.status, begun.headers["Range"]) == (202, "0-0")
    assert at == f"{LOCAL}/app/blobs/uploads/{begun.headers['Docker-Upload-UUID']}"
    assert (first.status, first.headers["Range"]) == (202, "0-3")
    assert (wrong.status, wrong.headers["Range"]) == (416, "0-3")
    assert (status.status, status.headers["Range"]) == (204, "0-3")
    assert (second.status, second.headers["Range"]) == (202, "0-7")
    assert (ended.status, ended.headers["Docker-Content-Digest"]) == (201, sha256(body))
    assert (part.status, part.body, part.headers["Content-Range"]) == (206, b"2345", "bytes 2-5/10")
    assert beyond.status == 416
    assert files(standin.platform) == [f"app/_uploads/{named(sha256(body))}"]


async def test_an_upload_is_refused_when_it_is_not_what_it_is_said_to_be(
    standin: Running, ask: Client
) -> None:
    begun = await ask("POST", f"{LOCAL}/app/blobs/uploads/")
    at = begun.headers["Location"]

    other = await ask("PUT", f"{at}?digest={sha256(b'reed')}", data=b"weed")
    none = await ask("PUT", f"{at}?digest=reed", data=b"reed")
    shown = files(standin.platform)
    given_up = await ask("DELETE", at)
    gone = await ask("PATCH", at, data=b"reed")

    assert [other.status, none.status, given_up.status, gone.status] == [400, 400, 204, 404]
    assert other.json["errors"][0]["code"] == "DIGEST_INVALID"
    assert gone.json["errors"][0]["code"] == "BLOB_UPLOAD_UNKNOWN"
    assert shown == [f"app/_uploads/{begun.headers['Docker-Upload-UUID']}"]
    assert files(standin.platform) == []


async def test_a_layer_is_mounted_from_another_image(standin: Running, ask: Client) -> None:
    await push(ask, "docker-local", "base", "1", app())
    digest = BASE.described.digest

    mounted = await ask("POST", f"{LOCAL}/app/blobs/uploads/?mount={digest}&from=base")
    by_path = await ask("POST", f"/v2/docker/app/blobs/uploads/?mount={digest}&from=docker-local/base")
    unknown = await ask("POST", f"{LOCAL}/app/blobs/uploads/?mount={sha256(b'')}&from=base")

    assert (mounted.status, mounted.headers["Location"]) == (201, f"{LOCAL}/app/blobs/{digest}")
    assert (by_path.status, by_path.headers["Location"]) == (201, f"/v2/docker/app/blobs/{digest}")
    assert unknown.status == 202


async def test_a_manifest_waits_for_what_it_names(ask: Client) -> None:
    image = app()

    no_blobs = await push_manifest(ask, "docker-local", "app", "1", image)
    no_children = await push_manifest(ask, "docker-local", "app", "1", images.index([image]))
    await push(ask, "docker-local", "app", "", image)
    now = await push_manifest(ask, "docker-local", "app", "1", images.index([image]))

    assert [no_blobs.status, no_children.status, now.status] == [400, 400, 201]
    assert no_blobs.json["errors"][0]["code"] == "MANIFEST_BLOB_UNKNOWN"


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (oci.OCI_MANIFEST, b"{"),
        (oci.OCI_MANIFEST, b'{"schemaVersion":2}'),
        (oci.OCI_INDEX, b'{"schemaVersion":1,"manifests":[]}'),
        (oci.OCI_MANIFEST, b"[" * 100_000),
        ("application/json", b"{}"),
        (
            oci.OCI_MANIFEST,
            b'{"schemaVersion":2,"config":{"mediaType":"x","digest":"sha256:../../x","size":1}}',
        ),
    ],
)
async def test_what_is_no_manifest_is_refused(ask: Client, content_type: str, body: bytes) -> None:
    headers = {"Content-Type": content_type}

    answer = await ask("PUT", f"{LOCAL}/app/manifests/1", headers=headers, data=body)

    assert answer.status == 400
    assert answer.json["errors"][0]["code"] == "MANIFEST_INVALID"


async def test_what_is_not_there_is_told_in_the_registrys_words(ask: Client) -> None:
    await push(ask, "docker-local", "app", "1", app())

    no_tag = await manifest(ask, "docker-local", "app", "2")
    no_image = await manifest(ask, "docker-local", "weed", "1")
    no_blob = await ask("GET", f"{LOCAL}/app/blobs/{sha256(b'')}")
    no_tags = await ask("GET", f"{LOCAL}/weed/tags/list")
    no_digest = await ask("GET", f"{LOCAL}/app/blobs/sha256:weed")
    bad_name = await ask("GET", f"{LOCAL}/App/tags/list")
    swapped = await ask("GET", f"{API}/v2/docker-local/app/tags/list")
    not_images = await ask("GET", f"{API}/npm-local/v2/")

    unknown = {
        "code": "MANIFEST_UNKNOWN",
        "message": "The named manifest is not known to the registry.",
        "detail": {"manifest": "app"},
    }
    assert (no_tag.status, no_tag.json["errors"]) == (404, [unknown])
    assert no_image.json["errors"] == [unknown | {"detail": {"manifest": "weed"}}]
    assert (no_blob.status, no_blob.json["errors"][0]["code"]) == (404, "BLOB_UNKNOWN")
    assert (no_tags.status, no_tags.json["errors"][0]["code"]) == (404, "NAME_UNKNOWN")
    assert (no_digest.status, bad_name.status, not_images.status) == (400, 400, 400)
    assert swapped.json["errors"] == [
        {"status": 400, "message": "Unsupported docker repository request for 'v2'"}
    ]


async def test_a_tag_moves_and_its_old_manifest_is_gone(ask: Client) -> None:
    old, new = app("1"), app("2")
    await push(ask, "docker-local", "app", "latest", old)
    await push(ask, "docker-local", "app", "latest", new)

    by_tag = await manifest(ask, "docker-local", "app", "latest")
    by_old = await manifest(ask, "docker-local", "app", old.digest)

    assert by_tag.headers["Docker-Content-Digest"] == new.digest
    assert by_old.status == 404


async def test_manifests_are_deleted_by_tag_or_by_digest(standin: Running, ask: Client) -> None:
    image = app()
    put_tags(standin.platform, "app", ["1", "2", "latest"])

    by_tag = await ask("DELETE", f"{LOCAL}/app/manifests/1")
    left = await ask("GET", f"{LOCAL}/app/tags/list")
    by_digest = await ask("DELETE", f"{LOCAL}/app/manifests/{image.digest}")
    again = await ask("DELETE", f"{LOCAL}/app/manifests/{image.digest}")
    blob = await ask("DELETE", f"{LOCAL}/app/blobs/{image.digest}")

    assert [by_tag.status, by_digest.status, again.status, blob.status] == [202, 202, 404, 405]
    assert left.json["tags"] == ["2", "latest"]
    assert files(standin.platform) == []


async def test_a_deleted_folder_takes_its_tag_along(standin: Running, ask: Client) -> None:
    put_tags(standin.platform, "app", ["1", "2"])

    await ask("DELETE", "/artifactory/docker-local/app/2")
    tags = await ask("GET", f"{LOCAL}/app/tags/list")

    assert tags.json["tags"] == ["1"]


async def test_pages_of_tags_count_and_lose_the_way_back(standin: Running, ask: Client) -> None:
    put_tags(standin.platform, "team/app", ["1.0", "1.1", "1.2", "1.3", "1.4"])

    every = await ask("GET", f"{LOCAL}/team/app/tags/list?n=0")
    first = await ask("GET", f"{LOCAL}/team/app/tags/list?n=2")
    second = await ask("GET", f"{LOCAL}/team/app/tags/list?n=2&last=2")
    third = await ask("GET", f"{LOCAL}/team/app/tags/list?n=2&last=4")
    after = await ask("GET", f"{LOCAL}/team/app/tags/list?n=2&last=1.0")
    to_the_letter = await ask("GET", first.headers["Link"].partition(">")[0][1:])
    nonsense = await ask("GET", f"{LOCAL}/team/app/tags/list?n=reed")

    assert every.json["tags"] == ["1.0", "1.1", "1.2", "1.3", "1.4"]
    assert first.json == {"name": "team/app", "tags": ["1.0", "1.1"]}
    assert first.headers["Link"] == '</v2/team/app/tags/list?last=2&n=2>; rel="next"'
    assert second.json["tags"] == ["1.2", "1.3"]
    assert second.headers["Link"] == '</v2/team/app/tags/list?last=4&n=2>; rel="next"'
    assert (third.json["tags"], "Link" in third.headers) == (["1.4"], False)
    assert after.json["tags"] == ["1.1", "1.2"]
    assert to_the_letter.status == 400
    assert nonsense.status == 404


async def test_pages_as_specified_are_a_switch(standin: Running, ask: Client) -> None:
    standin.platform.switch(docker_paging="name")
    put_tags(standin.platform, "app", ["1", "2", "3"])

    first = await ask("GET", f"{LOCAL}/app/tags/list?n=2")
    second = await ask("GET", first.headers["Link"].partition(">")[0][1:])

    assert first.json["tags"] == ["1", "2"]
    assert second.json["tags"] == ["3"]


async def test_the_catalog_lists_images_of_all_members_by_pages(standin: Running, ask: Client) -> None:
    for name in ("pond", "reed", "team/app"):
        put_tags(standin.platform, name, ["1"])

    every = await ask("GET", f"{API}/docker/v2/_catalog")
    first = await ask("GET", f"{API}/docker/v2/_catalog?n=2")
    second = await ask("GET", f"{API}/docker/v2/_catalog?n=2&last=2")
    by_path = await ask("GET", "/v2/docker/_catalog")

    assert every.json == by_path.json == {"repositories": ["pond", "reed", "team/app"]}
    assert first.headers["Link"] == '</v2/_catalog?last=2&n=2>; rel="next"'
    assert second.json == {"repositories": ["team/app"]}


async def test_what_refers_to_an_image_is_listed_by_type(standin: Running, ask: Client) -> None:
    image = app()
    sbom = images.artifact("application/spdx+json", subject=image, annotations={"by": "alice"})
    signature = images.artifact("application/x.signature", subject=image)
    for each in (image, sbom, signature):
        images.put(standin.platform.artifactory, "docker-local", "app", "", each)

    every = await ask("GET", f"{LOCAL}/app/referrers/{image.digest}")
    filtered = await ask("GET", f"{LOCAL}/app/referrers/{image.digest}?artifactType=application/spdx%2Bjson")
    none = await ask("GET", f"{LOCAL}/app/referrers/{sha256(b'')}")
    pushed = await push(ask, "docker-local", "app", "", signature)
    standin.platform.switch(docker_referrers=False)
    older = await ask("GET", f"{LOCAL}/app/referrers/{image.digest}")

    assert every.headers["Content-Type"] == oci.OCI_INDEX
    assert {entry["digest"] for entry in every.json["manifests"]} == {sbom.digest, signature.digest}
    assert filtered.headers["OCI-Filters-Applied"] == "artifactType"
    assert filtered.json["manifests"] == [
        {
            "mediaType": oci.OCI_MANIFEST,
            "digest": sbom.digest,
            "size": sbom.manifest.size,
            "artifactType": "application/spdx+json",
            "annotations": {"by": "alice"},
        }
    ]
    assert none.json["manifests"] == []
    assert pushed.headers["OCI-Subject"] == image.digest
    assert older.status == 404


async def test_a_client_is_told_where_it_gets_a_token(standin: Running, ask: Client) -> None:
    refused = await ask("GET", f"{LOCAL}/", token=None)
    by_path = await ask("GET", "/v2/", token=None)
    given = await ask("GET", f"{LOCAL}/token?service=x&scope=y", token=None, basic=("reader", "password"))
    token = given.json["token"]
    entered = await ask("GET", f"{LOCAL}/", token=token)
    written = await ask("POST", f"{LOCAL}/app/blobs/uploads/", token=token)

    host = standin.url.partition("//")[2]
    realm = f"{standin.url}{LOCAL}/token"
    assert (refused.status, refused.headers["WWW-Authenticate"]) == (
        401,
        f'Bearer realm="{realm}",service="{host}"',
    )
    assert refused.json["errors"][0]["code"] == "UNAUTHORIZED"
    assert by_path.headers["WWW-Authenticate"] == f'Bearer realm="{standin.url}/v2/token",service="{host}"'
    assert (sorted(given.json), given.json["expires_in"]) == (["expires_in", "token"], 9000)
    assert (entered.status, entered.json) == (200, {})
    assert (written.status, written.json["errors"][0]["code"]) == (403, "DENIED")


async def test_a_token_is_no_more_than_the_one_it_was_given_for(standin: Running, ask: Client) -> None:
    put_tags(standin.platform, "app", ["1"])
    narrow = standin.platform.access.issue("admin", scope="artifact:oci-local:r").access_token
    for_xray = standin.platform.access.issue("admin", audience=("jfxr@*",)).access_token
    short = standin.platform.access.issue("admin", expires_in_s=600).access_token

    given = await ask("GET", "/v2/token", token=None, basic=("admin", narrow))
    widened = await ask("GET", "/v2/token", token=None, basic=("admin", for_xray))
    brief = await ask("GET", "/v2/token", token=None, basic=("admin", short))
    form = await ask("POST", "/v2/token", token=None, data={"username": "admin", "password": "password"})
    beyond = await ask("GET", f"{LOCAL}/app/tags/list", token=given.json["token"])
    elsewhere = await ask("GET", f"{LOCAL}/", token=for_xray)

    assert beyond.status == 403
    assert elsewhere.status == widened.status == form.status == 401
    assert 0 < brief.json["expires_in"] <= 600


async def test_wrong_credentials_are_told_from_none(ask: Client) -> None:
    password = await ask("GET", f"{LOCAL}/", token=None, basic=("admin", "wrong"))
    at_token = await ask("GET", f"{LOCAL}/token", token=None, basic=("admin", "wrong"))
    nobody = await ask("GET", f"{LOCAL}/token", token=None)
    token = await ask("GET", f"{LOCAL}/", token="wrong")

    assert password.headers["WWW-Authenticate"].startswith("Basic")
    assert [answer.status for answer in (password, at_token, nobody, token)] == [401] * 4
    assert at_token.json["errors"][0].keys() == nobody.json["errors"][0].keys() == {"status", "message"}
    assert token.headers["WWW-Authenticate"].startswith("Bearer")


async def test_who_may_only_deploy_moves_no_tag(standin: Running, ask: Client) -> None:
    grant = Grant(repo="docker-local", actions=frozenset({"read", "deploy"}))
    standin.platform.access.add_user(User(name="alice", password="secret", grants=(grant,)))
    token = standin.platform.access.issue("alice").access_token
    put_tags(standin.platform, "app", ["1"])
    image = images.image()
    body = image.config.content.make() if image.config.content else b""
    upload = f"{LOCAL}/app/blobs/uploads/?digest={sha256(body)}"

    await ask("POST", upload, data=body, token=token)
    headers = {"Content-Type": image.described.media_type}
    sent = {"headers": headers, "data": image.manifest.make(), "token": token}
    new = await ask("PUT", f"{LOCAL}/app/manifests/2", **sent)  # type: ignore[arg-type]
    same = await ask("PUT", f"{LOCAL}/app/manifests/2", **sent)  # type: ignore[arg-type]
    moved = await ask("PUT", f"{LOCAL}/app/manifests/1", **sent)  # type: ignore[arg-type]
    deleted = await ask("DELETE", f"{LOCAL}/app/manifests/1", token=token)

    assert [answer.status for answer in (new, same, moved, deleted)] == [201, 201, 403, 403]


async def test_anybody_reads_where_that_is_allowed_but_has_to_sign_in_to_write(
    standin: Running, ask: Client
) -> None:
    standin.platform.switch(anonymous=True)
    put_tags(standin.platform, "app", ["1"])

    read = await ask("GET", f"{LOCAL}/app/tags/list", token=None)
    written = await ask("POST", f"{LOCAL}/app/blobs/uploads/", token=None)

    assert read.status == 200
    assert (written.status, written.headers["WWW-Authenticate"].partition(" ")[0]) == (401, "Bearer")


async def test_a_repository_is_addressed_by_its_subdomain(standin: Running, ask: Client) -> None:
    put_tags(standin.platform, "app", ["1"])

    tags = await ask("GET", "/v2/app/tags/list", headers={"Host": "docker-local.jfrog.example"})

    assert tags.json == {"name": "app", "tags": ["1"]}


async def test_xray_denies_a_blocked_image_and_hides_it_behind_a_virtual_repository(
    standin: Running, ask: Client
) -> None:
    put_tags(standin.platform, "app", ["1", "2"])
    images.put(standin.platform.artifactory, "docker-local", "app", "3", images.index([app("3")]))
    await block(ask, "docker", "app", "1")

    local = await manifest(ask, "docker-local", "app", "1")
    virtual = await manifest(ask, "docker", "app", "1")
    direct = await ask("GET", "/artifactory/docker-local/app/1/manifest.json")
    other = [await manifest(ask, "docker-local", "app", tag) for tag in ("2", "3")]
    await unblock(ask)
    again = await manifest(ask, "docker-local", "app", "1")

    assert (local.status, local.json["errors"][0]["code"]) == (403, "DENIED")
    assert "download blocking policy configured in Xray for docker-local" in local.text
    assert (virtual.status, virtual.json["errors"][0]["code"]) == (404, "MANIFEST_UNKNOWN")
    assert direct.status == 403
    assert [answer.status for answer in other] == [200, 200]
    assert again.status == 200


async def test_a_grant_on_a_folder_shows_its_images_and_no_others(standin: Running, ask: Client) -> None:
    for name in ("pond/app", "reed/app"):
        put_tags(standin.platform, name, ["1"])
    grant = Grant(repo="docker-local", path="pond/*")
    standin.platform.access.add_user(User(name="alice", password="secret", grants=(grant,)))
    token = standin.platform.access.issue("alice").access_token

    catalog = await ask("GET", f"{LOCAL}/_catalog", token=token)
    granted = await ask("GET", f"{LOCAL}/pond/app/tags/list", token=token)
    other = await ask("GET", f"{LOCAL}/reed/app/tags/list", token=token)

    assert catalog.json == {"repositories": ["pond/app"]}
    assert (granted.status, other.status) == (200, 403)


async def test_a_file_that_only_looks_like_a_manifest_breaks_nothing(ask: Client) -> None:
    await ask("PUT", "/artifactory/docker-local/app/1/manifest.json", data=b"weed")

    answer = await manifest(ask, "docker-local", "app", "1")
    referrers = await ask("GET", f"{LOCAL}/app/referrers/{sha256(b'')}")

    assert (answer.status, answer.body, answer.headers["Content-Type"]) == (200, b"weed", "application/json")
    assert referrers.json["manifests"] == []


async def test_an_image_is_promoted_with_its_platforms(standin: Running, ask: Client) -> None:
    shared, own = app("1"), app("2")
    storage = standin.platform.artifactory
    images.put(storage, "docker-local", "app", "1", images.index([shared, own]))
    images.put(storage, "docker-local", "app", "2", images.index([shared]))
    body = {"targetRepo": "oci-local", "dockerRepository": "app", "tag": "1"}

    copied = await ask(
        "POST", f"{LOCAL}/promote", json=body | {"copy": True, "targetDockerRepository": "prod/app"}
    )
    moved = await ask("POST", f"{LOCAL}/promote", json=body | {"targetTag": "stable"})
    again = await ask("POST", f"{LOCAL}/promote", json=body)
    wrong = await ask("POST", f"{LOCAL}/promote", json=body | {"targetRepo": "docker"})

    assert [answer.status for answer in (copied, moved, again, wrong)] == [200, 200, 404, 400]
    assert [path for path in files(standin.platform) if path.endswith("manifest.json")] == sorted(
        ["app/2/list.manifest.json", f"app/{shared.digest}/manifest.json"]
    )
    pulled = await manifest(ask, "oci-local", "app", "stable")
    part = await manifest(ask, "oci-local", "prod/app", own.digest)
    assert (pulled.status, part.status) == (200, 200)
    promoted = storage.get("oci-local", "app/stable/list.manifest.json")
    assert promoted is not None
    assert promoted.properties["docker.manifest"] == ("stable",)
    assert promoted.properties["docker.repoName"] == ("app",)


async def test_a_repository_of_images_says_so(ask: Client) -> None:
    shown = await ask("GET", "/artifactory/api/repositories/docker-local")
    listed = await ask("GET", "/artifactory/api/repositories?packageType=docker")

    assert (shown.json["packageType"], shown.json["dockerApiVersion"]) == ("docker", "V2")
    assert {row["packageType"] for row in listed.json} == {"Docker"}


async def test_faults_of_a_registry_have_its_shape(ask: Client) -> None:
    await ask.control("POST", "/faults", {"kind": "status", "path": f"{API}/*", "params": {"status": 429}})

    answer = await ask("GET", f"{LOCAL}/_catalog", headers={"Accept": EVERY_MANIFEST})

    assert (answer.status, answer.json["errors"][0]["code"]) == (429, "TOOMANYREQUESTS")
