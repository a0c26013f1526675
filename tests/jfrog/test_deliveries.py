"""What is read from the bodies of JFrog's webhooks, whatever is in them."""

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reedbed.errors import Unreadable
from reedbed.jfrog.deliveries import MOST_PLACES, REPOSITORY, SEGMENT, TAG, Told, read
from reedbed.model.hints import Hint, Source, everything

DIGEST = "sha256:" + "ab" * 32


def event(domain: str, event_type: str, path: str, **more: object) -> Told:
    data = {"repo_key": "docker-local", "event_type": event_type, "path": path, **more}
    body = {"domain": domain, "event_type": event_type, "data": data, "subscription_key": "k"}
    return read(Source.ARTIFACTORY, json.dumps(body).encode())


def alert(*artifacts: dict[str, str], **more: object) -> Told:
    body = {"schema_version": "1.1", "issues": [{"impacted_artifacts": artifacts}], **more}
    return read(Source.XRAY, json.dumps(body).encode())


@pytest.mark.parametrize("name", ["manifest.json", "list.manifest.json"])
def test_a_pushed_tag_is_a_hint_at_it(name: str) -> None:
    told = event("docker", "pushed", f"team/app/1.0/{name}", image_name="team/app", tag="1.0")

    assert told == Told(
        event="docker.pushed", hints=(Hint("docker-local", "team/app", "1.0", "docker.pushed"),)
    )


def test_an_event_that_names_no_file_is_read_by_image_and_tag() -> None:
    told = event("docker", "deleted", "", image_name="team/app", tag="1.0")

    assert [hint.tag for hint in told.hints] == ["1.0"]


@pytest.mark.parametrize("folder", [DIGEST, DIGEST.replace(":", "__")])
def test_a_manifest_by_its_digest_is_named_by_it(folder: str) -> None:
    told = event("artifact", "deployed", f"app/{folder}/manifest.json")

    assert told.hints == (Hint("docker-local", "app", DIGEST, "artifact.deployed"),)


@pytest.mark.parametrize("target", ["docker-prod", "docker-prod/app/1.0", "/docker-prod/"])
def test_what_was_moved_is_looked_for_where_it_was_and_where_it_went(target: str) -> None:
    told = event("artifact", "moved", "app/1.0/manifest.json", target_repo_path=target)

    assert [hint.repository for hint in told.hints] == ["docker-local", "docker-prod"]


@pytest.mark.parametrize(
    ("domain", "path"),
    [
        ("artifact", "app/1.0/sha256__abc"),
        ("artifact", "org/thing/1.0/thing-1.0.jar"),
        ("build", "app/1.0/manifest.json"),
        ("docker", "manifest.json"),
        ("docker", "1.0/manifest.json"),
    ],
)
def test_what_is_no_image_is_no_hint(domain: str, path: str) -> None:
    assert event(domain, "deployed", path).hints == ()


@pytest.mark.parametrize(
    "path",
    [
        "*/1.0/manifest.json",
        "app/../../etc/1.0/manifest.json",
        "app//1.0/manifest.json",
        "app/_uploads/x/manifest.json",
        "app/1.0?/manifest.json",
        "app\x00/1.0/manifest.json",
        'app"})/1.0/manifest.json',
        f"{'a' * 500}/1.0/manifest.json",
        "app/\N{CYRILLIC SMALL LETTER A}/manifest.json",
    ],
)
def test_a_hostile_name_is_no_hint(path: str) -> None:
    assert event("docker", "pushed", path).hints == ()


@pytest.mark.parametrize(
    "artifact",
    [
        {"name": "manifest.json", "path": "default/docker-local/team/app/1.0/"},
        {"name": "manifest.json", "path": "default/docker-local/team/app/1.0/manifest.json"},
    ],
)
def test_an_alert_is_a_hint_at_each_image_once(artifact: dict[str, str]) -> None:
    other = {"name": "lodash-4.tgz", "path": "default/npm-local/lodash/-/"}

    told = alert(artifact, other, artifact, created="2026-05-01T02:03:04Z")

    assert told.hints == (Hint("docker-local", "team/app", "1.0", "xray.alert"),)
    assert told.sent_at == datetime(2026, 5, 1, 2, 3, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    "stamp", [1_777_600_984, 1_777_600_984_000, "2026-05-01T02:03:04", "2026-05-01T04:03:04+02:00"]
)
def test_a_date_is_read_in_the_forms_that_there_are(stamp: str | int) -> None:
    body = json.dumps({"domain": "docker", "event_type": "pushed", "timestamp": stamp}).encode()

    assert read(Source.ARTIFACTORY, body).sent_at == datetime(2026, 5, 1, 2, 3, 4, tzinfo=UTC)


@pytest.mark.parametrize("stamp", ["yesterday", 1e300, -1e300, None])
def test_what_is_no_date_says_nothing(stamp: object) -> None:
    body = json.dumps({"timestamp": stamp}).encode()

    assert read(Source.ARTIFACTORY, body).sent_at is None


def test_very_many_places_are_a_hint_at_everything() -> None:
    artifacts = [
        {"name": "manifest.json", "path": f"default/docker-local/app/{n}/"} for n in range(MOST_PLACES + 1)
    ]

    assert alert(*artifacts).hints == (everything("xray.alert"),)


@pytest.mark.parametrize("source", Source)
@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"\xff", b"[" * 100_000, b'{"data": 1, "issues": 1, "domain": 1}']
)
def test_what_is_not_of_the_shape_is_unreadable(source: Source, body: bytes) -> None:
    with pytest.raises(Unreadable, match=f"what {source} tells"):
        read(source, body)


TEXTS = st.text(max_size=30) | st.sampled_from(["a/b/manifest.json", "x/sha256:" + "0" * 64, "docker-local"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=10,
)
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "domain": st.sampled_from(["docker", "artifact", "build"]) | JSON,
        "event_type": TEXTS | JSON,
        "timestamp": JSON,
        "data": st.dictionaries(
            st.sampled_from(["repo_key", "path", "image_name", "tag", "target_repo_path"]), TEXTS | JSON
        ),
        "created": JSON,
        "issues": st.lists(
            st.dictionaries(
                st.just("impacted_artifacts"),
                st.lists(st.dictionaries(st.sampled_from(["name", "path"]), TEXTS | JSON), max_size=3),
            ),
            max_size=3,
        )
        | JSON,
    },
)


@given(source=st.sampled_from(Source), body=FIELDS | JSON)
def test_any_body_is_hints_that_fit_or_unreadable(source: Source, body: Any) -> None:
    try:
        told = read(source, json.dumps(body).encode())
    except Unreadable:
        return

    for hint in told.hints:
        assert REPOSITORY.fullmatch(hint.repository)
        assert all(SEGMENT.fullmatch(segment) for segment in hint.path.split("/"))
        assert TAG.fullmatch(hint.tag)


@given(source=st.sampled_from(Source), body=st.binary(max_size=200))
def test_any_bytes_are_read_or_unreadable(source: Source, body: bytes) -> None:
    with suppress(Unreadable):
        assert isinstance(read(source, body), Told)
