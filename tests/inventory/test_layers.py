"""Layers of images, and the images that they are built on."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from reedbed.inventory.records.layers import base, chains, layers_of
from reedbed.model.records import Digested, ImageRecord


def _record(config: dict[str, Any] | None, *digests: str) -> ImageRecord:
    layers = tuple(Digested(digest=each, size=10) for each in digests)
    return ImageRecord(image_name="team/app", layers=layers, blob_config=config)


def test_a_layer_has_the_step_that_made_it_and_no_secret_of_it() -> None:
    config = {
        "rootfs": {"diff_ids": ["sha256:a", "sha256:b"]},
        "history": [
            {"created_by": "ADD rootfs"},
            {"created_by": "ENV A=b", "empty_layer": True},
            {"created_by": "RUN curl -H 'token: hunter2secret' x"},
        ],
    }

    first, second = layers_of(_record(config, "sha256:1", "sha256:2"))

    assert (first.position, first.digest, first.diff_id, first.created_by) == (
        0,
        "sha256:1",
        "sha256:a",
        "ADD rootfs",
    )
    assert second.created_by
    assert "hunter2secret" not in second.created_by


def test_a_history_that_does_not_fit_the_layers_is_not_guessed_at() -> None:
    config = {"rootfs": {"diff_ids": ["sha256:a"]}, "history": [{"created_by": "x"}]}

    assert all(
        each.created_by is None and each.diff_id is None for each in layers_of(_record(config, "1", "2"))
    )


@given(
    st.recursive(st.none() | st.text() | st.integers(), lambda v: st.lists(v) | st.dictionaries(st.text(), v))
)
def test_whatever_a_config_says_the_layers_are_those_of_the_manifest(told: Any) -> None:
    record = _record({"rootfs": told, "history": told}, "sha256:1")

    assert [each.digest for each in layers_of(record)] == ["sha256:1"]


def test_the_base_is_the_known_image_with_the_most_of_the_first_layers() -> None:
    app = chains(["debian", "python", "app"])
    known = {chains(["debian"])[-1]: "debian:12", chains(["debian", "python"])[-1]: "python:3.11"}

    assert base(app[:-1], known) == ("python:3.11", 2)
    assert base(chains(["other", "python", "app"])[:-1], known) == (None, None)


@given(st.lists(st.text(min_size=1), unique=True))
def test_no_two_beginnings_have_one_name(digests: list[str]) -> None:
    assert len(set(chains(digests))) == len(digests)
