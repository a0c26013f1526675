"""Every command once, as a user types it, against a stand-in of its own: outputs and exit codes."""

import json
from pathlib import Path

from cli.golden import differs, shown
from flow.household import Household
from jfrog_standin.address import Address
from jfrog_standin.osv_records import record
from jfrog_standin.steering import ask

JSON = "--json"
PROOF = ("--repository", "npm-local", "--apply", "--prove-in", "npm-local")
FINDING = "fee64c5ebabeb150"  # the one file of pkg:npm/reed-bad
CACHES = ("--npm", "none", "--pip", "none", "--uv", "none", "--go", "modules")

STORY: dict[str, tuple[str, ...]] = {
    "platform-none": ("intel", "once"),
    "platform-add": ("platform", "add", "prod", "{url}", "--ca-file", "{ca}"),
    "platform-add-twice": ("platform", "add", "prod", "{url}", "--ca-file", "{ca}", "--no-test"),
    "platform-list": ("platform", "list"),
    "platform-list-json": ("platform", "list", JSON),
    "platform-test": ("platform", "test", "prod"),
    "platform-test-json": ("platform", "test", "prod", JSON),
    "platform-unknown": ("platform", "test", "pord"),
    "platform-edit": ("platform", "edit", "prod", "--blob-host", "*.s3.example", "--timeout-s", "45"),
    "platform-edit-wrong": ("platform", "edit", "prod", "--blob-host", "https://store.example"),
    "explain": ("intel", "explain", "records"),
    "explain-json": ("intel", "explain", "records", JSON),
    "explain-nothing": ("intel", "explain", "records/none.json"),
    "plan": ("intel", "plan"),
    "plan-json": ("intel", "plan", "--unread", JSON),
    "once": ("intel", "once", "prod"),
    "once-json": ("intel", "once", JSON),
    "status": ("intel", "status"),
    "status-json": ("intel", "status", JSON),
    "list": ("intel", "list"),
    "list-json": ("intel", "list", "--named", "bad", JSON),
    "show": ("intel", "show", "npm:reed-bad"),
    "show-json": ("intel", "show", "npm:reed-bad", JSON),
    "show-nothing": ("intel", "show", "npm:reed-good"),
    "show-no-package": ("intel", "show", "reed bad"),
    "skipped": ("intel", "skipped"),
    "skipped-json": ("intel", "skipped", JSON),
    "held": ("intel", "held", "prod"),
    "held-json": ("intel", "held", "prod", JSON),
    "release-nothing": ("intel", "release", "prod"),
    "release-other": ("intel", "release", "prod", "npm:reed-bad", "--by", "alice"),
    "release": ("intel", "release", "prod", "npm:reed-ours", "--by", "alice"),
    "once-released": ("intel", "once"),
    "runs": ("intel", "runs", "--limit", "3"),
    "runs-json": ("intel", "runs", "--limit", "1", JSON),
    "cancel-nothing": ("intel", "cancel", "01a20089-a7e2-7909-bbfa-3180044dd15c"),
    "hunt": ("intel", "hunt", "prod", "--no-xray"),
    "hunt-json": ("intel", "hunt", JSON),
    "findings": ("intel", "findings", "prod"),
    "findings-json": ("intel", "findings", JSON),
    "quarantine": ("intel", "quarantine", "prod", FINDING, "--reason", "it steals keys"),
    "quarantine-apply": ("intel", "quarantine", "prod", FINDING, "--reason", "it steals keys", "--apply"),
    "quarantine-again": ("intel", "quarantine", "prod", FINDING, "--reason", "it steals keys", "--apply"),
    "quarantine-undo": ("intel", "quarantine", "prod", FINDING, "--undo", "--apply", JSON),
    "quarantine-nothing": ("intel", "quarantine", "prod", "--reason", "it steals keys"),
    "why": ("why", "npm:reed-bad@1.0.0", "--live"),
    "why-json": ("why", "npm:reed-bad@1.0.0", "--live", JSON),
    "why-not-meant": ("why", "npm:reed-bad@2.0.0"),
    "why-nothing": ("why", "npm:reed-good"),
    "why-no-release": ("why", "reed bad"),
    "cached": ("intel", "cached", *CACHES),
    "cached-json": ("intel", "cached", *CACHES, "--list", "flagged.json", JSON),
    "cached-no-list": ("intel", "cached", *CACHES, "--list", "none.json"),
    "cached-remove": ("intel", "cached", *CACHES, "--remove"),
    "cached-nothing": ("intel", "cached", *CACHES),
    "verify": ("intel", "verify", "prod"),
    "verify-json": ("intel", "verify", "prod", JSON),
    "enforce": ("intel", "enforce", "prod", "--repository", "npm-local"),
    "enforce-proved": ("intel", "enforce", "prod", *PROOF),
    "enforce-proved-json": ("intel", "enforce", "prod", *PROOF, JSON),
    "enforce-unknown": ("intel", "enforce", "prod", "--repository", "npm-lcoal"),
    "enforce-nothing": ("intel", "enforce", "prod"),
    "proofs": ("intel", "proofs"),
    "proofs-one": ("intel", "proofs", "prod", "--repository", "npm-local"),
    "proofs-json": ("intel", "proofs", "prod", "--repository", "npm-local", "--repository", "npm", JSON),
    "proofs-unknown": ("intel", "proofs", "pord"),
    "rotate": ("platform", "rotate", "prod"),
    "remove-unsure": ("platform", "remove", "prod"),
    "remove": ("platform", "remove", "prod", "--yes"),
    "auth-status-nobody": ("auth", "status"),
    "auth-login": ("auth", "login", "--tenant", "acme.safedep.io", "--expires", "2020-01-02"),
    "auth-status": ("auth", "status"),
    "auth-status-json": ("auth", "status", JSON),
    "status-login": ("intel", "status"),
    "secrets-rotate": ("secrets", "rotate"),
    "auth-logout": ("auth", "logout"),
    "auth-logout-twice": ("auth", "logout"),
    "integration-no-url": ("integration", "jfrog", "run"),
    "integration-no-https": ("integration", "jfrog", "run", "--instance-url", "http://jfrog.example"),
    "unknown-setting": ("intel", "status", "--set", "intel.max_bloks=1"),
    "wrong-setting": ("intel", "status", "--set", "intel.max_blocks=many"),
    "unknown-command": ("intel", "stauts"),
    "unknown-option": ("intel", "status", "--jsn"),
}
"""In this order, for each goes on from what the one before has left."""


async def test_every_command_prints_its_golden_file(household: Household, address: Address) -> None:
    await _stock(household, address)

    differences = []
    for name, template in STORY.items():
        arguments = tuple(each.format(url=address.url, ca=address.ca) for each in template)
        finished = await household.run(*arguments, send=f"{address.admin_token}\n")
        differences.append(differs(name, shown(arguments, finished, household.folder)))
        if name.endswith("-json") and finished.out:
            for line in finished.out.splitlines():
                json.loads(line)

    found = list(filter(None, differences))
    assert not found, "\n".join(found)


async def _stock(household: Household, address: Address) -> None:
    """Put packages into the stand-in, and records into the feed."""
    for name in ("reed-bad", "reed-ours"):
        await ask(address, "POST", "/packages", {"package_type": "npm", "name": name, "version": "1.0.0"})
    wide = [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "2.0.0"}]}]
    for made in (
        record("MAL-2026-1", "reed-bad", versions=["1.0.0", "1.0.1"]),
        record("MAL-2026-2", "Reed_Py", ecosystem="PyPI", versions=["1.0"]),
        record("MAL-2026-3", "reed.example/mod", ecosystem="Go", versions=["1.0.0"]),
        record("MAL-2026-4", "reed-ours", versions=["1.0.0"]),
        record("MAL-2026-5", "reed-wide", ranges=wide),
        record("MAL-2026-6", "reed.extension", ecosystem="VSCode", versions=["1.0.0"]),
        record("MAL-2026-7", "reed-nothing"),
        record("MAL-2026-8", "reed-withdrawn", versions=["1.0.0"], withdrawn="2026-03-02T00:00:00Z"),
    ):
        _write(household.folder / "records" / f"{made['id']}.json", json.dumps(made))
    _write(household.folder / "flagged.json", "[]")
    for version in ("v1.0.0", "v1.0.1"):
        (household.folder / "modules" / "reed.example" / f"mod@{version}").mkdir(parents=True)


def _write(path: Path, text: str) -> None:
    path.write_text(text)
