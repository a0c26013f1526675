"""A hunt over several platforms of which one does not let anybody in."""

from flow.household import Household
from jfrog_standin.server import Running
from reedbed.cli.exit import Exit


async def test_a_platform_that_fails_keeps_no_other_from_being_hunted(
    household: Household, standin: Running
) -> None:
    for name, token in (("bad", "a-token-that-nobody-gave"), ("good", standin.admin_token)):
        command = ("platform", "add", name, standin.url, "--ca-file", str(standin.ca_path), "--no-test")
        assert (await household.run(*command, send=f"{token}\n")).code == Exit.DONE
    (household.folder / "records" / "MAL-2026-1.json").write_text(
        '{"id": "MAL-2026-1", "modified": "2026-11-01T00:00:00Z", "summary": "Malicious code", "affected": '
        '[{"package": {"ecosystem": "npm", "name": "reed"}, "versions": ["1.0.0"]}]}'
    )
    await household.run("intel", "plan", "good")

    hunted = await household.run("intel", "hunt")

    assert hunted.code == Exit.FAILED, hunted
    assert "bad: Could not" in hunted.err
    assert "fix:" in hunted.err
    assert "good: looked for 1 flagged package; 0 sightings" in hunted.out


async def test_a_platform_that_is_misspelled_is_no_failing_platform(household: Household) -> None:
    hunted = await household.run("intel", "hunt", "pord")

    assert hunted.code == Exit.FAILED
    assert "pord" in hunted.err
    assert hunted.out == ""
