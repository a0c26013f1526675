"""Xray's export of all that is in an artifact, one artifact a call.

The switches of a format go in pairs: without `cyclonedx_format` the answer is “one or more parameters are
missing”. Source: component/exportDetails v2 of JFrog's merged OpenAPI; public clients that call it.
"""

import asyncio

from reedbed.jfrog.exchange import JSON, Call, json_body
from reedbed.jfrog.sbom import Sbom, read_export
from reedbed.jfrog.session import JFrog

LARGEST = 64 * 1024 * 1024


async def export(jfrog: JFrog, repository: str, path: str, package_type: str) -> Sbom:
    """Read what is in an artifact; of an image `path` leads to its manifest.

    Raises:
        Refused: Xray has not scanned it, does not know it, or the token's user may not see it.
        Unreachable: as any call.
        Unreadable: the export is none, or too large.
    """
    call = Call(
        method="POST",
        route="/xray/api/v2/component/exportDetails",
        doing=f"export the components of {repository}/{path}",
        needs="the Xray permission “Read”",
        send=json_body(
            {
                "path": f"/{repository}/{path}",
                "package_type": package_type,
                "cyclonedx": True,
                "cyclonedx_format": "json",
                "license": True,
                "security": False,
            }
        ),
        headers=JSON,
        reads="raw",
        max_bytes=LARGEST,
    )
    answer = await jfrog.tell(call)
    return await asyncio.to_thread(read_export, answer.body)
