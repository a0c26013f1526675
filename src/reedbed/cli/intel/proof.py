"""`reedbed intel verify|enforce`: what is proved, and what is not."""

from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from reedbed.cli import show
from reedbed.cli.exit import Exit
from reedbed.cli.options import AsJson, Common
from reedbed.errors import SettingsError

if TYPE_CHECKING:
    from reedbed.intel.enforce import Proof, Step
    from reedbed.jfrog.blocking import Enforcement
    from reedbed.jfrog.session import JFrog
    from reedbed.wiring.parts import Parts

FLAG = Parameter(negative="")


async def verify(
    platform: str,
    *,
    repair: Annotated[bool, FLAG] = False,
    rebuild: Annotated[bool, FLAG] = False,
    json: AsJson = False,
    common: Common | None = None,
) -> int:
    """Compare the ledger with what Xray really holds.

    Parameters
    ----------
    platform
        The platform.
    repair
        Write again what is missing or different.
    rebuild
        First ask Xray for issues that the ledger has lost: one request for each package that feeds speak of.
    json
        Print every issue as one JSON object, a line each.
    """
    from reedbed.intel.verify import Agreement, Verified, Verifier
    from reedbed.jobs import now_utc
    from reedbed.wiring.lines import line_to, target
    from reedbed.wiring.parts import opened

    counts = dict.fromkeys(Agreement, 0)

    def told(result: Verified) -> None:
        counts[result.agreement] += 1
        if json:
            show.json(result)
        elif result.agreement is not Agreement.AS_WRITTEN:
            show.line(f"[red]{result.agreement}[/] {show.safe(result.package)} {show.safe(result.detail)}")

    async with opened((common or Common()).load()) as parts, line_to(parts, platform) as jfrog:
        verifier = Verifier(parts.db, target(jfrog, parts.terms), now=now_utc, told=told)
        if rebuild:
            await verifier.rebuild()
        await verifier.verify(repair=repair)
    return _verdict(
        counts[Agreement.AS_WRITTEN] + counts[Agreement.REPAIRED],
        sum(counts.values()) - counts[Agreement.FOUND],
        as_json=json,
    )


def _verdict(as_written: int, total: int, *, as_json: bool) -> Exit:
    summary = f"{as_written} of {show.many(total, 'issue')} as written in Xray."
    (show.err.print if as_json else show.line)(summary)
    return Exit.DONE if as_written == total else Exit.NOT_PROVED


async def enforce(
    platform: str,
    *,
    repository: Annotated[tuple[str, ...], Parameter(negative="")] = (),
    apply: Annotated[bool, FLAG] = False,
    by: Literal["malicious", "severity"] = "malicious",
    prove_in: Annotated[tuple[str, ...], Parameter(negative="")] = (),
    prove_with: str | None = None,
    wait_s: float = 300.0,
    json: AsJson = False,
    common: Common | None = None,
) -> int:
    """Show what makes custom issues block in repositories; with --apply make it; with --prove-in prove it.

    Parameters
    ----------
    platform
        The platform.
    repository
        The repositories that should block; may be repeated. Of a virtual one, name its members.
    apply
        Make what is missing: the policy, the watch, the indexing.
    by
        What the policy goes by: Xray's flag for malware; or severity Critical, critical CVEs with it.
    prove_in
        Prove it in these repositories; may be repeated.
    prove_with
        The benign release to prove with, as npm:left-pad@1.3.0; none: a package made for that.
    wait_s
        Seconds that blocking and freeing may take, each.
    json
        Print one JSON value.
    """
    from reedbed.jfrog import enforcement
    from reedbed.wiring.lines import line_to
    from reedbed.wiring.parts import opened

    if not repository and not prove_in:
        raise SettingsError(
            "There is nothing to enforce",
            why="no repository is named.",
            fix=f"Name one with --repository; `reedbed intel proofs {platform}` lists them.",
        )
    async with opened((common or Common()).load()) as parts, line_to(parts, platform) as jfrog:
        found = await enforcement.planned(jfrog, repository, by)
        if not json:
            _draw(found, applied=apply)
        if apply and found.steps:
            await enforcement.carry_out(jfrog, found)
            found = await enforcement.planned(jfrog, repository, by)
        proofs = [
            await _prove(parts, jfrog, key, release=prove_with, wait_s=wait_s, quiet=json) for key in prove_in
        ]
    if json:
        show.json({"enforcement": found, "proofs": proofs})
    blocks = all(cover.blocks for cover in found.covers)
    return Exit.DONE if blocks and all(proof.proved for proof in proofs) else Exit.NOT_PROVED


def _draw(found: "Enforcement", *, applied: bool) -> None:
    rows = [
        (c.key, c.kind, "yes" if c.indexed else "no", ", ".join(c.blocked_by) or "nothing", c.problem)
        for c in found.covers
    ]
    if rows:
        show.table(["repository", "kind", "indexed", "blocked by", "problem"], rows)
    for step in found.steps:
        show.line(f"{'doing' if applied else 'would'}: {show.safe(step)}")
    for warning in found.warnings:
        show.err.print(f"[yellow]note:[/] {show.safe(warning)}")
    if found.steps and not applied:
        show.err.print("Say --apply to do that.")


async def _prove(
    parts: "Parts", jfrog: "JFrog", key: str, *, release: str | None, wait_s: float, quiet: bool
) -> "Proof":
    from reedbed.intel import enforce as flow
    from reedbed.jobs import now_utc

    def told(step: "Step") -> None:
        if not quiet:
            mark = "[green]✓[/]" if step.ok else "[red]✗[/]"
            show.line(f"{mark} {key}: {step.name} ({step.took_s:.1f} s) {show.safe(step.seen)}")

    async with flow.subject(jfrog, key, release) as subject:
        proof = await flow.prove(
            jfrog, parts.db, subject, style=parts.terms.style, wait_s=wait_s, now=now_utc, told=told
        )
    if not quiet:
        show.line(f"[bold]{key}: {'proved' if proof.proved else 'not proved'}[/]")
        if proof.malicious is False:
            show.err.print("Xray does not call the issue malicious: a policy by that flag would not see it;")
            show.err.print("use --by severity, or look at the xray.* settings.")
    return proof
