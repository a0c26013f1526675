"""The page for operators says what there is."""

import csv
import io
import json
import tomllib
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from feeds.drained import drain
from jfrog_standin.osv_records import shapes
from reedbed.feeds.osv_record import Taking, read_record
from reedbed.feeds.own_list_rows import FIELDS
from reedbed.feeds.registry import open_feed
from reedbed.feeds.settings import FeedSettings, OwnListSettings
from reedbed.model.advisory import Advisory

PAGE = (Path(__file__).parents[2] / "docs" / "feeds.md").read_text(encoding="utf-8")


def _block(language: str, number: int = 0) -> str:
    return PAGE.split(f"```{language}\n")[number + 1].split("```")[0]


@pytest.mark.parametrize("settings", get_args(FeedSettings))
def test_every_setting_of_a_feed_is_on_the_page(settings: type[msgspec.Struct]) -> None:
    missing = [field.name for field in msgspec.structs.fields(settings) if f"`{field.name}`" not in PAGE]

    assert missing == []


@pytest.mark.parametrize("number", range(PAGE.count("```toml\n")))
def test_the_feeds_on_the_page_can_be_set(number: int) -> None:
    feeds = tomllib.loads(_block("toml", number))["feeds"]

    assert msgspec.convert(feeds, list[FeedSettings])


def test_every_field_of_an_own_list_is_on_the_page() -> None:
    assert [field for field in FIELDS if f"`{field}`" not in PAGE] == []


async def test_the_lists_on_the_page_are_read(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text(_block("csv"), encoding="utf-8")
    (tmp_path / "list.json").write_text(_block("json", 1), encoding="utf-8")

    tables = await drain(open_feed(OwnListSettings(name="own", source=str(tmp_path / "list.csv"))))
    objects = await drain(open_feed(OwnListSettings(name="own", source=str(tmp_path / "list.json"))))

    assert len(list(csv.reader(io.StringIO(_block("csv"))))) == 4
    assert (set(tables.advisories), tables.withdrawn) == (
        {"ACME-812", "pkg:pypi/acme-internal@*"},
        {"ACME-815"},
    )
    assert set(objects.advisories) == {"ACME-812", "pkg:pypi/acme-internal@*"}
    assert {**tables.refused, **objects.refused} == {}


def test_the_narrowed_record_on_the_page_is_narrowed() -> None:
    shown = json.loads(_block("json"))
    whole = {**shapes()[f"{shown['id']}.json"], **shown}

    (advisory,) = read_record(json.dumps(whole).encode(), file="page", taking=Taking(feed="osv"))

    assert isinstance(advisory, Advisory)
    assert str(advisory.versions) == "[4.1.1,4.1.2]"
    assert f"`{advisory.versions}`" in PAGE
