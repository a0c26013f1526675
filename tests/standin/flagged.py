"""A platform where one stored npm package is flagged, watched and blocked, and what tests ask of it."""

from typing import Any

from jfrog_standin.artifactory import packages
from jfrog_standin.server import Running
from standin.conftest import Answer, Client
from standin.stock import add_repositories, block

FILE = "/artifactory/npm-local/reed/-/reed-1.0.0.tgz"
IGNORE_RULES = "/xray/api/v1/ignore_rules"
VIOLATIONS = "/xray/api/v1/violations"


async def flag(standin: Running, ask: Client) -> None:
    """Store `reed` in two releases, of which 1.0.0 is malicious (issue REED-1) and refused."""
    add_repositories(standin.platform)
    packages.add_npm(standin.platform.artifactory, "npm-local", "reed", "1.0.0")
    packages.add_npm(standin.platform.artifactory, "npm-local", "reed", "2.0.0")
    await block(ask, "npm", "reed", "1.0.0")


async def download(ask: Client) -> int:
    """Fetch the flagged file, and give the status."""
    return (await ask("GET", FILE)).status


async def ignore(ask: Client, **changes: Any) -> Answer:
    """Make an ignore rule about the issue; `changes` are its filters."""
    filters = {"vulnerabilities": ["REED-1"], **changes}
    return await ask("POST", IGNORE_RULES, json={"notes": "a test's", "ignore_filters": filters})


async def violations(ask: Client, **filters: Any) -> Any:
    """Search the violations, and give the answer's body."""
    return (await ask("POST", VIOLATIONS, json={"filters": filters, "pagination": {}})).json
