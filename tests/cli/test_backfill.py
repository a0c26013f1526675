"""What is left out for being old, and the backfill of it, as an operator meets them."""

import json

from cli.golden import differs, shown
from flow.household import Household
from jfrog_standin.osv_records import record
from jfrog_standin.server import Running
from reedbed.cli.exit import Exit

ALL = ("intel", "backfill", "prod", "--all")
REASON = ("--reason", "to be sure", "--by", "alice")
STORY: dict[str, tuple[str, ...]] = {
    "left-out-plan": ("intel", "plan", "prod"),
    "left-out-once": ("intel", "once", "prod"),
    "left-out-status": ("intel", "status"),
    "left-out-why": ("why", "npm:reed-old"),
    "backfill-all-of-what": ("intel", "backfill", "prod", *REASON),
    "backfill-dry": (*ALL, "--dry-run"),
    "backfill-unsure": (*ALL, *REASON),
    "backfill-no-reason": (*ALL, "--yes"),
    "backfill-other": ("intel", "backfill", "--package", "npm:reed-good", "--yes", *REASON),
    "backfill-no-day": ("intel", "backfill", "--since", "yesterday", "--dry-run"),
    "backfill-json": ("intel", "backfill", "--ecosystem", "pypi", "--yes", *REASON, "--json"),
    "backfill": ("intel", "backfill", "prod", "--since", "2026-03-01", "--yes", *REASON),
    "backfilled-once": ("intel", "once", "prod"),
}


async def test_what_is_left_out_and_its_backfill_say_what_they_said(
    household: Household, standin: Running
) -> None:
    household.settings["REEDBED_INTEL_WINDOW_DAYS"] = "90"
    command = ("platform", "add", "prod", standin.url, "--ca-file", str(standin.ca_path), "--no-test")
    assert (await household.run(*command, send=f"{standin.admin_token}\n")).code == Exit.DONE
    for number, name in enumerate(("reed-old", "reed-older", "Reed_Py")):
        made = record(
            f"MAL-2026-{number}", name, versions=["1.0"], ecosystem="PyPI" if "_" in name else "npm"
        )
        (household.folder / "records" / f"MAL-2026-{number}.json").write_text(json.dumps(made))

    wrong = [await _differs(household, name, arguments) for name, arguments in STORY.items()]

    assert [each for each in wrong if each] == []


async def _differs(household: Household, name: str, arguments: tuple[str, ...]) -> str | None:
    finished = await household.run(*arguments)
    return differs(name, shown(arguments, finished, household.folder))
