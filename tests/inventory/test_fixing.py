"""Fixes counted in the store, and what came with a base image."""

from inventory.stocked import Flaw, put, register
from reedbed.inventory.findings.fixing import fixes
from reedbed.inventory.records.layers import attribute_bases
from reedbed.model.inventory import Severity
from reedbed.store.database import Database
from reedbed.store.inventory.fixes import base_share

LODASH = [
    Flaw(cve="CVE-2026-1", severity=Severity.CRITICAL, fixes=("4.17.21",)),
    Flaw(cve="CVE-2026-2", severity=Severity.HIGH, fixes=("4.17.19", "4.17.22")),
]
OPENSSL = Flaw(
    cve="CVE-2026-3",
    component="pkg:deb/debian/openssl",
    package_type="deb",
    version="3.0.7-1",
    fixes=("3.0.8-1",),
    layer="sha256:debian",
)
UNFIXED = Flaw(cve="CVE-2026-4", component="pkg:npm/left-pad", fixes=())


async def test_fixes_are_ranked_by_what_they_remove(database: Database) -> None:
    await register(database)
    await put(database, "team/app", *LODASH, OPENSSL, UNFIXED)
    await put(database, "team/api", *LODASH)

    first, second = await fixes(database)

    assert (first.name, first.to, first.order_known) == ("lodash", "4.17.22", True)
    assert (first.findings, first.images, first.critical, first.high) == (4, 2, 2, 2)
    assert first.installed == ("4.17.20",)
    assert (second.name, second.to, second.order_known, second.findings) == (
        "debian/openssl",
        "3.0.8-1",
        False,
        1,
    )


async def test_what_lies_in_a_known_bases_layers_is_told(database: Database) -> None:
    await register(database)
    await put(database, "base/debian", layers=("sha256:debian",), name="base/debian")
    await put(database, "team/app", OPENSSL, layers=("sha256:debian", "sha256:app"))

    changed = await attribute_bases(database, "prod")
    (fix,) = await fixes(database)

    assert changed == 1
    assert fix.from_base == 1
    assert await database.read(base_share) == (1, 1)
    assert await attribute_bases(database, "prod") == 0


async def test_of_nothing_there_is_no_fix(database: Database) -> None:
    assert await fixes(database) == []
