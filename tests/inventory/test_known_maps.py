"""Maps in the store: versions that never change, clones that know their parents, records to try them on."""

from datetime import UTC, datetime
from typing import Any

import pytest

from inventory.landed_records import land
from inventory.transform_records import IMAGE, REPOSITORY, SCAN
from reedbed.errors import SettingsError
from reedbed.inventory.transform import MapInvalid, defaults, known_maps, landed_records
from reedbed.inventory.transform.merge import Prefer
from reedbed.store import audit
from reedbed.store.database import Database

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
LATER = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
WHO: dict[str, Any] = {"by": "alice", "now": NOW}


async def test_the_three_defaults_are_there_without_being_saved(database: Database) -> None:
    found = await database.read(known_maps.listed)

    assert [each.reference for each in found] == [
        "JFrog Docker Image Asset@1",
        "JFrog Repository Asset@1",
        "JFrog Docker Image Vulnerability@1",
    ]
    assert all(each.built_in for each in found)


async def test_a_clone_is_a_first_version_that_remembers_its_parent(database: Database) -> None:
    await database.write(known_maps.clone, defaults.IMAGE, "Our images", **WHO)

    known = await database.read(known_maps.find, "Our images")
    transform = await database.read(known_maps.compiled, "Our images@1")
    assert (known.version, known.parent, known.built_in) == (1, "JFrog Docker Image Asset@1", False)
    assert transform.asset(IMAGE)["asset.assetDetail.name"] == "docker-local/team/app:1.2.0"


async def test_saving_makes_versions_and_the_old_ones_stay(database: Database) -> None:
    first = await database.write(known_maps.clone, defaults.REPOSITORY, "Ours", **WHO)
    changed = first.text.replace("lower(packageType)", "upper(packageType)")

    second = await database.write(known_maps.save, changed, by="alice", now=LATER)
    again = await database.write(known_maps.save, changed, by="alice", now=LATER)

    assert (second.reference, again.reference) == ("Ours@2", "Ours@2")
    assert second.parent == "JFrog Repository Asset@1"
    assert (await database.read(known_maps.find, "Ours@1")).text == first.text
    versions = await database.read(known_maps.versions, "Ours")
    assert [each.reference for each in versions] == ["Ours@2", "Ours@1"]
    entries = await database.read(audit.page, limit=10)
    assert [(each.who, each.action, each.subject) for each in entries] == [
        ("alice", "save map", "Ours@2"),
        ("alice", "save map", "Ours@1"),
    ]


async def test_a_default_is_never_changed(database: Database) -> None:
    text = (defaults.text(defaults.IMAGE, 1) or "").replace("upper(", "lower(")

    with pytest.raises(SettingsError, match="never changed"):
        await database.write(known_maps.save, text, **WHO)
    with pytest.raises(SettingsError, match="there is one"):
        await database.write(known_maps.clone, defaults.IMAGE, defaults.REPOSITORY, **WHO)


async def test_a_map_that_is_not_valid_is_not_saved(database: Database) -> None:
    first = await database.write(known_maps.clone, defaults.REPOSITORY, "Ours", **WHO)

    with pytest.raises(MapInvalid):
        await database.write(known_maps.save, first.text.replace("lower(", "lowr("), **WHO)

    assert (await database.read(known_maps.find, "Ours")).version == 1


async def test_a_new_map_has_the_rows_that_its_target_requires(database: Database) -> None:
    made = await database.write(
        known_maps.create, "Mine", source="docker-image-vulnerability", target="finding", **WHO
    )

    transform = await database.read(known_maps.compiled, made.reference)
    assert transform.target.required <= {row.target for row in transform.document.rows}
    assert transform.apply(SCAN).problems == ()
    with pytest.raises(MapInvalid):
        await database.write(known_maps.create, "No", source="repository", target="finding", **WHO)


@pytest.mark.parametrize("reference", ["Our imges", "JFrog Docker Image Asset@2", "Nothing@x", "@", "%"])
async def test_what_is_no_map_is_told_with_the_nearest_names(database: Database, reference: str) -> None:
    with pytest.raises(SettingsError) as caught:
        await database.read(known_maps.find, reference)

    assert "JFrog Docker Image Asset@1" in caught.value.fix or "name@1" in caught.value.fix


async def test_a_clone_of_a_clone_takes_in_what_its_parent_changed(database: Database) -> None:
    parent = await database.write(known_maps.clone, defaults.REPOSITORY, "Parent", **WHO)
    await database.write(known_maps.clone, "Parent", "Child", **WHO)
    changed = parent.text.replace("lower(packageType)", "upper(packageType)")
    await database.write(known_maps.save, changed, by="alice", now=LATER)

    merged, reference = await database.read(known_maps.take_in, "Child", prefer=Prefer.MINE)

    assert reference == "Parent@2"
    assert merged.taken == ("asset.assetDetail.repositoryAssetClass.repositoryPackageType",)
    assert (await database.read(known_maps.find, "Child")).outdated
    with pytest.raises(SettingsError, match="copy of no other"):
        await database.read(known_maps.take_in, defaults.IMAGE)


async def testlanded_records_come_back_as_the_models_that_maps_read(database: Database) -> None:
    await database.write(land)

    images = await database.read(landed_records.sample, "prod", "docker-image", limit=5)
    scans = await database.read(
        landed_records.sample, "prod", "docker-image-vulnerability", named="docker", limit=5
    )
    repositories = await database.read(landed_records.sample, "prod", "repository", limit=5)

    assert images == [("docker-local/a", IMAGE)]
    assert scans == [("docker-local/a", SCAN)]
    assert repositories == [("npm-remote", REPOSITORY)]
    with pytest.raises(SettingsError, match="landed no repository"):
        await database.read(landed_records.sample, "prod", "repository", named="n%", limit=5)


async def test_a_scan_whose_texts_are_gone_is_left_out(database: Database) -> None:
    await database.write(land, texts=False)

    assert await database.read(landed_records.sample, "prod", "docker-image-vulnerability", limit=5) == []
