"""`reedbed map …` as a user types it, over a database that has landed a record of each model."""

import json
from pathlib import Path

from cli.golden import differs, shown
from flow.household import Household
from inventory.landed_records import land
from reedbed.store.database import open_database
from reedbed.store.migrate import migrate

IMAGES = "JFrog Docker Image Asset"
PACKAGE_TYPE = "asset.assetDetail.repositoryAssetClass.repositoryPackageType"

TESTS = f"""
[[tests]]
name = "package types are shouted"
record = {{ key = "a", packageType = "npm" }}
expect = {{ "{PACKAGE_TYPE}" = "NPM" }}
"""

STORY: dict[str, tuple[str, ...]] = {
    "map-clone": ("map", "clone", "JFrog Repository Asset", "Ours", "--by", "alice"),
    "map-export": ("map", "export", "Ours", "ours.toml"),
    "map-test": ("map", "test", "ours.toml", "shouted.toml"),
    "map-test-wrong": ("map", "test", "wrong.toml"),
    "map-preview": ("map", "preview", "shouted.toml", "prod", "--against", "Ours"),
    "map-preview-json": ("map", "preview", "shouted.toml", "prod", "--against", "Ours", "--json"),
    "map-import": ("map", "import", "shouted.toml", "--by", "alice"),
    "map-edit": ("map", "edit", "Ours", "--by", "alice"),
    "map-list": ("map", "list"),
    "map-list-json": ("map", "list", "--json"),
    "map-show": ("map", "show", "Ours@1"),
    "map-diff": ("map", "diff", "Ours"),
    "map-merge": ("map", "merge", "Ours", "--apply", "--by", "alice"),
    "map-replay-json": ("map", "replay", "prod", "--json"),
    "map-unknown": ("map", "show", "Our"),
    "map-built-in": ("map", "edit", IMAGES),
}
"""In this order, for each goes on from what the one before has left."""


async def test_every_command_about_maps_prints_its_golden_file(household: Household) -> None:
    household.settings["VISUAL"] = "sed -i s/upper(packageType)/trim(packageType)/"
    database = open_database(f"sqlite:///{household.folder / 'reedbed.db'}")
    await migrate(database)
    await database.write(land)
    database.close()

    differences = []
    for name, arguments in STORY.items():
        finished = await household.run(*arguments)
        differences.append(differs(name, shown(arguments, finished, household.folder)))
        if name == "map-export":
            _change(household.folder)
        if name.endswith("-json"):
            json.loads(finished.out)

    found = list(filter(None, differences))
    assert not found, "\n".join(found)


def _change(folder: Path) -> None:
    """Write two files from the exported map: one that is right, with a test, and one that is not."""
    exported = (folder / "ours.toml").read_text(encoding="utf-8")
    right = exported.replace("lower(packageType)", "upper(packageType)")
    wrong = exported.replace("lower(packageType)", "lwer(packageType)").replace(
        'from = "url"', 'from = "ulr"'
    )
    (folder / "shouted.toml").write_text(right + TESTS, encoding="utf-8")
    (folder / "wrong.toml").write_text(wrong, encoding="utf-8")
