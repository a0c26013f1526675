"""Uploads to a PyPI repository: the form that twine and its like send."""

from aiohttp import BodyPartReader, MultipartReader, web

from jfrog_standin import errors
from jfrog_standin.artifactory.coordinates import coordinates_of
from jfrog_standin.artifactory.deploy import deploy
from jfrog_standin.artifactory.gate import deployable, permit
from jfrog_standin.artifactory.storage import NotStored
from jfrog_standin.artifactory.verify import refuse_mismatch
from jfrog_standin.platform import Platform

MAX_FIELD_BYTES = 2**20
MAX_FIELDS = 200
NO_UPLOAD = "The form is no upload of a file."


async def post(platform: Platform, request: web.Request) -> web.Response:
    """Keep an uploaded file at `<name>/<version>/<file>`; over one that is there only who may delete."""
    repository = deployable(platform, request.match_info["repo"])
    fields, file, body = await _form(request, platform.artifactory.max_file_bytes)
    if fields.get(":action") != "file_upload" or not file or "/" in file:
        raise errors.artifactory(400, NO_UPLOAD)
    if coordinates_of("pypi", file) is None:
        raise errors.artifactory(400, f"The file name {file!r} is no distribution's.")
    refuse_mismatch(body, sha256=fields.get("sha256_digest", ""), md5=fields.get("md5_digest", ""))
    path = f"{fields.get('name', '')}/{fields.get('version', '')}/{file}"
    caller = permit(platform, request, "deploy", repository, path)
    if platform.artifactory.get(repository.storage_key, path) is not None:
        permit(platform, request, "delete", repository, path)
    try:
        deploy(platform.artifactory, repository, path, body, by=caller.user)
    except NotStored as error:
        raise errors.artifactory(error.status, error.message) from error
    return web.Response()


async def _form(request: web.Request, max_bytes: int) -> tuple[dict[str, str], str, bytes]:
    """The text fields, and the name and body of the file."""
    if not request.content_type.startswith("multipart/"):
        raise errors.artifactory(400, NO_UPLOAD)
    try:
        return await _parts(await request.multipart(), max_bytes)
    except (ValueError, LookupError) as error:  # whatever is wrong with a form, aiohttp says by one of these
        raise errors.artifactory(400, NO_UPLOAD) from error


async def _parts(form: MultipartReader, max_bytes: int) -> tuple[dict[str, str], str, bytes]:
    fields: dict[str, str] = {}
    file, body = "", b""
    async for part in form:
        if not isinstance(part, BodyPartReader) or len(fields) > MAX_FIELDS:
            raise errors.artifactory(400, NO_UPLOAD)
        if part.filename is not None and part.name == "content":
            file, body = part.filename, await _bounded(part, max_bytes)
        else:
            fields[part.name or ""] = (await _bounded(part, MAX_FIELD_BYTES)).decode("utf-8", "replace")
    return fields, file, body


async def _bounded(part: BodyPartReader, max_bytes: int) -> bytes:
    read = bytearray()
    while chunk := await part.read_chunk():
        read += chunk
        if len(read) > max_bytes:
            raise errors.artifactory(413, f"A part of the form is larger than {max_bytes} bytes.")
    return bytes(read)
