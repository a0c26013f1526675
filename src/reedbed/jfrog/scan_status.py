"""How far Xray's scan of one artifact is. The summary does not tell: it only has findings, or has none.

Source: JFrog's merged OpenAPI, `POST /xray/api/v1/artifact/status`: for each kind of scan NOT_SUPPORTED,
NOT_SCANNED, PENDING, SCANNING, DONE, PARTIAL or FAILED. Of findings in components `sca` tells.
"""

import msgspec

from reedbed.jfrog.causes import Cause, Failure
from reedbed.jfrog.exchange import JSON, Call, json_body
from reedbed.jfrog.session import JFrog
from reedbed.model.inventory import Coverage

COVERAGES = {
    "DONE": Coverage.SCANNED,
    "PARTIAL": Coverage.PARTIAL,
    "PENDING": Coverage.PENDING,
    "SCANNING": Coverage.PENDING,
    "NOT_SCANNED": Coverage.NOT_SCANNED,
    "NOT_SUPPORTED": Coverage.UNSUPPORTED,
    "FAILED": Coverage.UNAVAILABLE,
}
NOT_TOLD = frozenset({Cause.FORBIDDEN, Cause.REJECTED, Cause.NOT_FOUND})
"""This Xray, or this token, has no statuses to tell; nothing follows from that."""


class _Scan(msgspec.Struct, frozen=True):
    status: str = ""


class _Details(msgspec.Struct, frozen=True):
    sca: _Scan | None = None


class _Status(msgspec.Struct, frozen=True):
    overall: _Scan | None = None
    details: _Details | None = None


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What Xray tells of one scan."""

    coverage: Coverage | None  # None: it tells of none
    reason: str
    answered: bool = True  # False: it could not be asked, now


async def scan_status(jfrog: JFrog, repository: str, file: str) -> Told:
    """Ask how far the scan of a file is; `repository` is where it lies, a remote's cache for example."""
    call = Call(
        method="POST",
        route="/xray/api/v1/artifact/status",
        doing=f"ask Xray how far its scan of {repository}/{file} is",
        send=json_body({"repo": repository, "path": f"/{file}"}),
        headers=JSON,
    )
    outcome = await jfrog.outcome(call)
    if isinstance(outcome, Failure):
        return _failed(outcome)
    try:
        read = msgspec.json.decode(outcome.body, type=_Status)
    except (ValueError, RecursionError):
        return Told(coverage=None, reason="Xray's answer can't be read", answered=False)
    scan = (read.details and read.details.sca) or read.overall or _Scan()
    word = scan.status.upper()
    coverage = COVERAGES.get(word, Coverage.UNKNOWN)
    return Told(coverage=coverage, reason=f"Xray says {word or 'nothing'} of its scan")


def _failed(failure: Failure) -> Told:
    reason = "Xray does not know it" if failure.cause is Cause.NOT_FOUND else failure.seen
    return Told(coverage=None, reason=reason, answered=failure.cause in NOT_TOLD)
