"""Repositories and packages that tests start from, and how Xray is made to block one."""

from collections.abc import Mapping

from jfrog_standin.artifactory import packages
from jfrog_standin.artifactory.repository import Repository
from jfrog_standin.platform import Platform
from jfrog_standin.server import Running
from standin.conftest import Client

TYPES = ("npm", "pypi", "go", "generic")
BELOW = {"npm": "npm/npm-local", "pypi": "pypi/pypi-local/simple", "go": "go/go-local"}


def add_repositories(platform: Platform) -> None:
    """A local repository of each type, and a virtual one before it."""
    for kind in TYPES:
        local = Repository(key=f"{kind}-local", package_type=kind, xray_index=True)
        virtual = Repository(
            key=kind,
            rclass="virtual",
            package_type=kind,
            members=(local.key,),
            default_deployment=local.key,
        )
        platform.artifactory.add(local)
        platform.artifactory.add(virtual)


def add_packages(platform: Platform) -> None:
    """Two npm packages of which one needs the other, a Python project in two releases, a Go module in two."""
    storage = platform.artifactory
    packages.add_npm(storage, "npm-local", "reed", "1.0.0", {"dependencies": {"@pond/stem": "^1.1.0"}})
    packages.add_npm(storage, "npm-local", "@pond/stem", "1.0.0")
    packages.add_npm(storage, "npm-local", "@pond/stem", "1.2.0")
    packages.add_pypi(storage, "pypi-local", "Reed.Stem", "1.0.0")
    packages.add_pypi(storage, "pypi-local", "Reed.Stem", "1.1.0", requires=("reed-leaf>=2",))
    packages.add_pypi(storage, "pypi-local", "reed-leaf", "2.0")
    packages.add_go(storage, "go-local", "example.com/Pond/reed", "v1.0.0")
    packages.add_go(storage, "go-local", "example.com/Pond/reed", "v1.1.0")


def upstreams(upstream: Running) -> dict[str, str]:
    """The addresses of another stand-in's local repositories, for remotes of each type."""
    return {kind: f"{upstream.url}/artifactory/api/{at}" for kind, at in BELOW.items()}


def add_remotes(
    standin: Running,
    upstreams: dict[str, str],
    *,
    local: Mapping[str, object] | None = None,
    remote: Mapping[str, object] | None = None,
) -> None:
    """A remote of each type, indexed by Xray, and a virtual repository before it and an empty local one.

    `local` and `remote` add to the configurations of those.
    """
    for kind, url in upstreams.items():
        held = Repository(key=f"{kind}-local", package_type=kind, configuration=local or {})
        fetched = Repository(
            key=f"{kind}-remote",
            rclass="remote",
            package_type=kind,
            upstream=url,
            xray_index=True,
            configuration=remote or {},
        )
        members = (held.key, fetched.key)
        virtual = Repository(key=kind, rclass="virtual", package_type=kind, members=members)
        for repository in (held, fetched, virtual):
            standin.platform.artifactory.add(repository)


async def block(ask: Client, package_type: str, name: str, version: str) -> None:
    """Flag one release as malicious, and have every indexed repository refuse it."""
    issue = {
        "id": "REED-1",
        "provider": "reed",
        "package_type": package_type,
        "type": "Security",
        "severity": "Critical",
        "issue_kind": 1,
        "summary": "A test's malware.",
        "description": "A test's malware.",
        "components": [{"id": name, "vulnerable_versions": [f"[{version}]"]}],
        "sources": [{"source_id": "REED-1"}],
    }
    rule = {
        "name": "malware",
        "priority": 1,
        "criteria": {"malicious_package": True},
        "actions": {"block_download": {"active": True, "unscanned": False}},
    }
    policy = {"name": "no-malware", "type": "security", "rules": [rule]}
    watch = {
        "general_data": {"name": "everywhere", "active": True},
        "project_resources": {"resources": [{"type": "all-repos", "filters": []}]},
        "assigned_policies": [{"name": "no-malware", "type": "security"}],
    }
    for path, body in (("v1/events", issue), ("v2/policies", policy), ("v2/watches", watch)):
        answer = await ask("POST", f"/xray/api/{path}", json=body)
        assert answer.status in {200, 201}, answer.text


async def unblock(ask: Client) -> None:
    """Take the flag of `block` away."""
    answer = await ask("DELETE", "/xray/api/v1/events/REED-1")
    assert answer.status == 200, answer.text
