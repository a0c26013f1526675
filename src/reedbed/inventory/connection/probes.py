"""What each stream asks of JFrog, as the smallest question of that kind: may this token ask it? Acts."""

from collections.abc import Awaitable, Callable

import msgspec

from reedbed.jfrog import aql
from reedbed.jfrog.causes import Cause, Failure
from reedbed.jfrog.exchange import JSON, Answer, Call, json_body
from reedbed.jfrog.session import JFrog
from reedbed.model.inventory import Stream

Ask = Callable[[JFrog], Awaitable[Answer | Failure]]

NO_DIGEST = "0" * 64
READ_ARTIFACTORY = "permission to read the repositories that are to be listed"
READ_XRAY = "the Xray permission “Read” on those repositories"
READ_VIOLATIONS = "the Xray permission “Read”, and the role “View Policies and Watches”"
MANAGE_IGNORED = "the Xray role “Manage Policies” or “Manage Watches”, whoever lists ignore rules needs one"


class Need(msgspec.Struct, frozen=True):
    """What a stream needs: the permission in words, the calls that want it, and one that shows it."""

    permission: str
    endpoints: tuple[str, ...]
    ask: Ask

    @property
    def of_xray(self) -> bool:
        return any("/xray/" in endpoint for endpoint in self.endpoints)


async def _repositories(jfrog: JFrog) -> Answer | Failure:
    return await jfrog.outcome(
        Call(method="GET", route="/artifactory/api/repositories", doing="list the repositories")
    )


async def _files(jfrog: JFrog, *include: str) -> Answer | Failure:
    text = aql.find_items({"name": "manifest.json"}, include=include, limit=1)
    return await jfrog.outcome(
        Call(
            method="POST",
            route="/artifactory/api/search/aql",
            doing="search Artifactory",
            send=text.encode(),
            headers={"Content-Type": "text/plain"},
        )
    )


async def _properties(jfrog: JFrog) -> Answer | Failure:
    return await _files(jfrog, "property")


async def _summary(jfrog: JFrog) -> Answer | Failure:
    outcome = await _summary_of(jfrog, 2)
    if isinstance(outcome, Failure) and outcome.cause is Cause.NOT_FOUND:
        return await _summary_of(jfrog, 1)
    return outcome


async def _summary_of(jfrog: JFrog, version: int) -> Answer | Failure:
    return await jfrog.outcome(
        Call(
            method="POST",
            route=f"/xray/api/v{version}/summary/artifact",
            doing="ask Xray for a summary",
            send=json_body({"checksums": [NO_DIGEST]}),
            headers=JSON,
        )
    )


async def _violations(jfrog: JFrog) -> Answer | Failure:
    asked = {"filters": {"created_from": "2100-01-01T00:00:00Z"}, "pagination": {"limit": 1, "offset": 1}}
    return await jfrog.outcome(
        Call(
            method="POST",
            route="/xray/api/v1/violations",
            doing="search violations",
            send=json_body(asked),
            headers=JSON,
        )
    )


async def _ignore_rules(jfrog: JFrog) -> Answer | Failure:
    return await jfrog.outcome(
        Call(
            method="GET",
            route="/xray/api/v1/ignore_rules",
            query={"num_of_rows": "1"},
            doing="list ignore rules",
        )
    )


SUMMARY = "POST /xray/api/v2/summary/artifact"
AQL = "POST /artifactory/api/search/aql"
LOOKS = (
    "POST /xray/api/v1/summary/artifact",  # of an Xray that has no v2
    "POST /xray/api/v1/artifact/status",
    "GET /xray/api/v1/artifacts",
    "GET /xray/api/v1/binMgr/default/repos",  # for administrators of Xray; without it is no harm
)
"""Asked beside summaries: where an answer is in doubt, and for what changed."""

_SUMMARY = Need(READ_XRAY, (SUMMARY, *LOOKS), _summary)
NEEDS: dict[Stream, Need] = {
    Stream.REPOSITORIES: Need(
        READ_ARTIFACTORY,
        (
            "GET /artifactory/api/repositories",
            "GET /artifactory/api/repositories/configurations",
            "GET /artifactory/api/repositories/{repository}",  # where the one above is refused
            "GET /artifactory/api/storageinfo",
        ),
        _repositories,
    ),
    Stream.IMAGES: Need(
        READ_ARTIFACTORY,
        (
            AQL,
            "GET /artifactory/api/docker/{repository}/v2/{image}/manifests/{digest}",
            "GET /artifactory/api/docker/{repository}/v2/{image}/blobs/{digest}",
        ),
        _files,
    ),
    Stream.VULNERABILITIES: _SUMMARY,
    Stream.COMPONENTS: Need(READ_XRAY, (SUMMARY, "POST /xray/api/v2/component/exportDetails"), _summary),
    Stream.TAGS: Need(READ_ARTIFACTORY, (AQL,), _properties),
    Stream.LICENCES: _SUMMARY,
    Stream.OPERATIONAL_RISK: _SUMMARY,
    Stream.VIOLATIONS: Need(
        READ_VIOLATIONS, ("GET /xray/api/v2/watches", "POST /xray/api/v1/violations"), _violations
    ),
    Stream.PACKAGES: Need(READ_XRAY, (AQL, SUMMARY), _summary),
    Stream.IGNORE_RULES: Need(MANAGE_IGNORED, ("GET /xray/api/v1/ignore_rules",), _ignore_rules),
}
"""Source: permissions of each call in JFrog's merged OpenAPI, and docs.jfrog.com/security/reference."""
