"""What is proved, asked of platforms that do not let anybody in."""

from flow.household import Household
from jfrog_standin.server import Running
from reedbed.cli.exit import Exit


async def test_a_platform_that_is_away_is_told_as_last_seen_beside_the_others(
    household: Household, standin: Running
) -> None:
    for name in ("away", "good"):
        command = ("platform", "add", name, standin.url, "--ca-file", str(standin.ca_path), "--no-test")
        assert (await household.run(*command, send=f"{standin.admin_token}\n")).code == Exit.DONE
    first = await household.run("intel", "proofs", "away")
    await household.run("platform", "rotate", "away", "--no-test", send="a-token-that-nobody-gave\n")

    told = await household.run("intel", "proofs", "--repository", "npm-local", "--repository", "no-such")

    assert first.code == told.code == Exit.NOT_PROVED
    assert "away      npm   npm-local" in told.out
    assert "good      npm   npm-local" in told.out
    assert "away: as of 20" in told.err
    assert "  fix: " in told.err
    assert "good: the token's user does not see no-such" in told.err


async def test_a_platform_that_never_let_anybody_in_has_nothing_to_tell(
    household: Household, standin: Running
) -> None:
    command = ("platform", "add", "away", standin.url, "--ca-file", str(standin.ca_path), "--no-test")
    await household.run(*command, send="a-token-that-nobody-gave\n")

    told = await household.run("intel", "proofs")

    assert told.code == Exit.NOT_PROVED
    assert told.out == ""
    assert "away: never looked at" in told.err
