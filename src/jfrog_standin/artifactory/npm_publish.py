"""`npm publish`: one document with the version's manifest and its tarball in base64."""

import base64
import binascii
from typing import Any

import msgspec
from aiohttp import web

from jfrog_standin import errors
from jfrog_standin.artifactory.deploy import deploy
from jfrog_standin.artifactory.gate import deployable, permit
from jfrog_standin.artifactory.npm_tags import tag_version
from jfrog_standin.artifactory.storage import NotStored
from jfrog_standin.errors import json_answer
from jfrog_standin.platform import Platform


class Attachment(msgspec.Struct, frozen=True):
    """A tarball; npm also sends its content type and length."""

    data: str


class Publication(msgspec.Struct, frozen=True):
    """What npm sends: exactly one version with its tarball, and the tags that are to name it."""

    name: str
    versions: dict[str, dict[str, Any]]
    attachments: dict[str, Attachment] = msgspec.field(name="_attachments", default_factory=dict)
    tags: dict[str, str] = msgspec.field(name="dist-tags", default_factory=dict)


async def publish(platform: Platform, request: web.Request, repo: str, name: str) -> web.Response:
    """Keep a published version at `<name>/-/<name>-<version>.tgz`.

    Over a version that is there only somebody may publish who may also delete it.
    """
    repository = deployable(platform, repo)
    caller = permit(platform, request, "deploy", repository, f"{name}/-/")
    version, tarball, tags = _read(await request.read(), name)
    path = f"{name}/-/{name.rpartition('/')[2]}-{version}.tgz"
    if platform.artifactory.get(repository.storage_key, path) is not None:
        permit(platform, request, "delete", repository, path)
    try:
        deploy(platform.artifactory, repository, path, tarball, by=caller.user)
    except NotStored as error:
        raise errors.artifactory(error.status, error.message) from error
    for tag in tags:
        tag_version(platform.artifactory, repository, name, tag, version)
    return json_answer({"ok": True}, status=201)


def _read(body: bytes, name: str) -> tuple[str, bytes, list[str]]:
    """The version, its tarball, and its tags."""
    try:
        sent = msgspec.json.decode(body, type=Publication)
        (version,) = sent.versions
        (attachment,) = sent.attachments.values()
        tarball = base64.b64decode(attachment.data, validate=True)
    except (msgspec.DecodeError, ValueError, binascii.Error) as error:
        raise errors.artifactory(
            400, "The document is no npm package with one version and its tarball."
        ) from error
    if sent.name != name:
        raise errors.artifactory(400, f"The document is of {sent.name!r}, not of {name!r}.")
    return version, tarball, [tag for tag, tagged in sent.tags.items() if tagged == version]
