"""What maps make of findings in one image each: made of its landed record when somebody asks. Reads.

With the finding itself only that is kept which is the same in every image.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from reedbed.inventory.findings.observed import vulnerability_key
from reedbed.inventory.records.landing import SCAN
from reedbed.inventory.transform import TransformMap, landed_records
from reedbed.model.exports import Asset
from reedbed.model.identity import finding_id
from reedbed.model.inventory import AssetClass, FindingType
from reedbed.model.records import ScanRecord

Made = dict[tuple[str, str], dict[str, Any]]
"""Target path → value, by asset and finding."""


def made_in(connection: Connection, assets: Sequence[Asset], maps: Mapping[str, TransformMap]) -> Made:
    """Apply the maps of connections to the scans of images.

    What no landed record tells of is left out: other findings than vulnerabilities, and those that the newest
    record does not have any more.
    """
    made: Made = {}
    for name, transform in maps.items():
        wanted = _scans_of(asset for asset in assets if asset.connection == name)
        for native, record in landed_records.records(connection, name, SCAN, wanted):
            assert isinstance(record, ScanRecord)
            made |= _made(name, wanted[native], record, transform)
    return made


def _scans_of(assets: Iterable[Asset]) -> dict[str, str]:
    """Name the landed scans of images, with the asset of each: one for each path at which it has findings."""
    return {
        f"{finding.repository}/{finding.path}@{asset.manifest_digest}": asset.id
        for asset in assets
        if asset.asset_class is AssetClass.IMAGE
        for finding in asset.findings
        if finding.type is FindingType.VULNERABILITY
    }


def _made(name: str, asset: str, record: ScanRecord, transform: TransformMap) -> Made:
    scope = f"{record.image.image_repository}/{record.image.image_name}"
    made: Made = {}
    for one in record.vulnerabilities:
        key = vulnerability_key(one)
        finding = finding_id(name, scope, FindingType.VULNERABILITY, key, one.component)
        if (asset, finding) not in made:  # two records of one finding are one: the first
            made[asset, finding] = transform.text(one) | transform.finding(one, record)
    return made
