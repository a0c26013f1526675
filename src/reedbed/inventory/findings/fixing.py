"""The fixes of everything that stands, ranked by what each removes. Acts."""

import msgspec

from reedbed.inventory.findings.fixes import Group, Upgrade, upgrades
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
