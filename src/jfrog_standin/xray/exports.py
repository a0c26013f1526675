"""/xray/api/v2/component/exportDetails: the components of one artifact as a document, in a ZIP.

Source: JFrog's merged OpenAPI; that a format without its own switch is refused with this text, and that the
documents are not quite valid (`"cwes": null`): public clients that read them.
"""

import io
import zipfile
from typing import Any

import msgspec
from aiohttp import web

from jfrog_standin import errors
from jfrog_standin.access import caller_of
from jfrog_standin.platform import Platform, platform_of
from jfrog_standin.xray.body import as_kind, json_object
from jfrog_standin.xray.documents import cyclonedx, details, spdx
from jfrog_standin.xray.lookup import artifact_at, artifacts_in
from jfrog_standin.xray.scan import TOLD
from jfrog_standin.xray.scanned import ScannedArtifact

MISSING = "one or more parameters are missing"
Formats = str | tuple[str, ...] | None  # newer releases take a list


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """Which artifact, and which documents about it."""

    path: str = ""  # "/docker-local/team/app/1.0/manifest.json"
    component_name: str = ""
    package_type: str = ""
    output_format: str = ""
    cyclonedx: bool = False
    cyclonedx_format: Formats = None
    spdx: bool = False
    spdx_format: Formats = None
    vex: bool = False
    violations: bool = False
    license: bool = False
    security: bool = False
    exclude_unknown: bool = False


def routes() -> list[web.RouteDef]:
    return [web.post("/xray/api/v2/component/exportDetails", export)]


async def export(request: web.Request) -> web.Response:
    """Answer a ZIP with the documents that were asked for."""
    platform, order = platform_of(request), as_kind(await json_object(request), Order)
    if not (order.path or order.component_name) or not order.package_type:
        raise errors.xray(400, MISSING)
    if (order.cyclonedx and not order.cyclonedx_format) or (order.spdx and not order.spdx_format):
        raise errors.xray(400, MISSING)
    found = _found(platform, order)
    if (
        found is None
        or found.status not in TOLD
        or not caller_of(request).may("read", found.repo, found.path)
    ):
        raise errors.xray(404, "Component was not found")
    return _zip(found, _documents(order, found))


def _found(platform: Platform, order: Order) -> ScannedArtifact | None:
    if order.path:
        repo, _, path = order.path.lstrip("/").removeprefix("default/").partition("/")
        return artifact_at(platform, repo, path)
    artifacts = (
        found for repo in platform.artifactory.storage_keys() for found in artifacts_in(platform, repo)
    )
    return next((found for found in artifacts if found.display_name == order.component_name), None)


def _documents(order: Order, found: ScannedArtifact) -> dict[str, Any]:
    """The documents by the ends of their names."""
    documents: dict[str, Any] = {}
    if order.cyclonedx:
        documents["CycloneDX.json"] = cyclonedx(found, with_vulnerabilities=order.vex)
    if order.spdx:
        documents["SPDX.json"] = spdx(found)
    if order.security or order.license or order.violations or not documents:
        documents["export.json"] = details(found, security=order.security, licenses=order.license)
    return documents


def _zip(found: ScannedArtifact, documents: dict[str, Any]) -> web.Response:
    name = found.display_name.replace("/", "_").replace(":", "_")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for ending, document in documents.items():
            archive.writestr(f"{name}_{ending}", msgspec.json.encode(document))
    headers = {"Content-Disposition": f'attachment; filename="{name}.zip"'}
    return web.Response(body=packed.getvalue(), content_type="application/octet-stream", headers=headers)
