"""What connections can do, as the sheet that vendors of such products publish of theirs. Pure."""

from reedbed.model.exports import PRODUCT, VENDOR
from reedbed.model.inventory import AssetClass, FindingType

DETAILS = {
    "Vendor": VENDOR,
    "Product name": f"{VENDOR} Artifactory and {VENDOR} Xray; queries name it {PRODUCT}",
    "Category": "Application security",
    "Works with": "Reedbed's own store, its query language, exports and signed webhooks",
    "Connector type": "Built in",
    "Supported assets": ", ".join(AssetClass),
    "Findings": ", ".join(FindingType),
    "Supported version and type": "SaaS and self-hosted, Artifactory 7 and Xray 3",
    "Integration type": "REST API; JFrog's webhooks as hints",
    "Authentication type": "Access token, of the platform or of the connection",
    "Direction": f"{VENDOR} to Reedbed alone: nothing is written there",
    "Incremental sync": "Yes: sync run --mode delta, and connection schedule --incremental",
    "Installed software": "Yes: connection edit --stream components",
    "Source tags": "Yes: connection edit --stream tags",
    "Filters": "Yes: connection filter",
}
"""The rows that the vendor's page has for its connector, in its order."""
