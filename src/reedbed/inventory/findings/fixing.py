"""The fixes of everything that stands, ranked by what each removes. Acts."""

from collections.abc import Iterable
from typing import Literal

import msgspec

from reedbed.inventory.findings.fixes import Group, Upgrade, upgrades
from reedbed.inventory.findings.observed import package_type
from reedbed.model.exports import named
from reedbed.store.database import Database
from reedbed.store.inventory import fixes as store
from reedbed.store.inventory.exports import Condition, standing


class Fix(msgspec.Struct, frozen=True, kw_only=True):
    """“Upgrade `component` to `to` removes `findings` findings in `images` images.”"""

    component: str  # the purl without a version
    name: str
    to: str
    installed: tuple[str, ...]
    order_known: bool  # else only findings that name exactly this version are counted
    findings: int
    images: int
    critical: int
    high: int
    from_base: int  # findings that came with a known base image: better mended there
    score: float  # the worst of the findings


class FixGroup(msgspec.Struct, frozen=True, kw_only=True):
    """The upgrades of one component, or one ecosystem, added up."""

    key: str
    upgrades: int
    findings: int
    critical: int
    high: int


def grouped(found: Iterable[Fix], *, by: Literal["component", "ecosystem"]) -> list[FixGroup]:
    """Add up upgrades, the groups that remove most first; a finding that several remove counts for each."""
    of: dict[str, list[Fix]] = {}
    for fix in found:
        of.setdefault(fix.component if by == "component" else package_type(fix.component), []).append(fix)
    groups = [
        FixGroup(
            key=key,
            upgrades=len(some),
            findings=sum(fix.findings for fix in some),
            critical=sum(fix.critical for fix in some),
            high=sum(fix.high for fix in some),
        )
        for key, some in of.items()
    ]
    return sorted(groups, key=lambda group: (-group.findings, group.key))


async def fixes(db: Database, *, where: Condition = standing, limit: int = 100) -> list[Fix]:
    """Rank upgrades by findings removed, then by the worst of them, then by images."""
    found: list[Fix] = []
    after = ""
    while some := await db.read(store.groups, where, after=after):
        after = some[-1].component
        for upgrade in upgrades([Group(**msgspec.structs.asdict(each)) for each in some]):
            effect = await db.read(store.effect, upgrade.component, upgrade.mends, where)
            found.append(_fix(upgrade, effect))
        found = sorted(found, key=_rank)[:limit]
    return found


def _fix(upgrade: Upgrade, effect: store.Effect) -> Fix:
    return Fix(
        component=upgrade.component,
        name=named(upgrade.component),
        to=upgrade.to,
        installed=tuple(sorted({version for version, _ in upgrade.mends if version})),
        order_known=upgrade.order_known,
        **msgspec.structs.asdict(effect),
    )


def _rank(fix: Fix) -> tuple[int, float, int, str, str]:
    return (-fix.findings, -fix.score, -fix.images, fix.component, fix.to)
