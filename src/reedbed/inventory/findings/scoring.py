"""Scoring findings and assets anew, after a run or after EPSS and KEV have changed. Acts."""

import msgspec

from reedbed.inventory.findings.score import Inputs, Weights, asset_score, score
from reedbed.model.inventory import Severity
from reedbed.model.records import TEXT
from reedbed.store.database import Database
from reedbed.store.inventory import landed, scores
from reedbed.store.inventory.scores import Row


class Rescored(msgspec.Struct, frozen=True, kw_only=True):
    """How many scores are other than before."""

    findings: int = 0
    assets: int = 0


async def rescore(db: Database, weights: Weights, *, run: str | None = None) -> Rescored:
    """Score findings, then assets; with `run` only what it saw. Writes what is other than before."""
    findings, after = 0, ""
    while page := await db.read(scores.page, after=after, run=run):
        after = page[-1].id
        research = await _research(db, page)
        now = {row.id: score(inputs(row, research.get(row.text)), weights).value for row in page}
        changed = {row.id: now[row.id] for row in page if now[row.id] != row.score}
        if changed:
            await db.write(scores.save, changed)
        findings += len(changed)
    return Rescored(findings=findings, assets=await _assets(db, weights, run))


async def _assets(db: Database, weights: Weights, run: str | None) -> int:
    many, after = 0, ""
    while page := await db.read(scores.sums, after=after, run=run):
        after = page[-1].asset
        now = [
            (
                each.asset,
                None if each.highest is None else asset_score(each.highest, each.total or 0.0, weights),
            )
            for each in page
        ]
        changed = [new for new, each in zip(now, page, strict=True) if new[1] != each.score]
        if changed:
            await db.write(scores.save_assets, changed)
        many += len(changed)
    return many


def inputs(row: Row, research: Severity | None) -> Inputs:
    return Inputs(
        severity=row.severity,
        cvss3_score=row.cvss3_score,
        applicability=row.applicability,
        epss_percentile=row.epss_percentile,
        kev=row.kev,
        research=research,
        current=row.images > 0,
        criticality=row.criticality,
    )


async def _research(db: Database, page: list[Row]) -> dict[str, Severity]:
    """Read JFrog's own severities out of the advisories' words: text → severity."""
    bodies = await db.read(landed.texts, {row.text for row in page if row.text})
    found = {digest: research_severity(body) for digest, body in bodies.items()}
    return {digest: severity for digest, severity in found.items() if severity is not None}


_EXTENDED = TEXT.index("extended_information")


def research_severity(body: bytes) -> Severity | None:
    """Read JFrog's research severity from a landed text; None: it has none, or a word that is not known."""
    extended = msgspec.json.decode(body)[_EXTENDED]
    word = extended.get("jfrog_research_severity") if isinstance(extended, dict) else None
    try:
        return Severity[word.strip().upper()] if isinstance(word, str) else None
    except KeyError:
        return None
