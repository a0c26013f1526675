"""Files and folders at `/artifactory/<repo>/<path>`: sent, deployed, deleted, copied and moved."""

from urllib.parse import quote

from aiohttp import web
from yarl import URL

from jfrog_standin import errors
from jfrog_standin.access import caller_of
from jfrog_standin.artifactory.base_url import base_url
from jfrog_standin.artifactory.deploy import deploy
from jfrog_standin.artifactory.downloads import send_first
from jfrog_standin.artifactory.gate import deployable, permit, unknown_repository
from jfrog_standin.artifactory.item_answers import file_info, folder_info
from jfrog_standin.artifactory.properties import read_properties
from jfrog_standin.artifactory.repository import Repository
from jfrog_standin.artifactory.storage import Item, NotStored, Properties, Storage
from jfrog_standin.artifactory.verify import refuse_mismatch
from jfrog_standin.errors import json_answer
from jfrog_standin.platform import Platform


async def without_repository(platform: Platform, request: web.Request) -> web.Response:
    """`/artifactory//…`, as a careless join makes it: 500 (devopshq/artifactory, pull request 127)."""
    raise errors.artifactory(500, "Repo key cannot be empty")


async def get(platform: Platform, request: web.Request) -> web.Response:
    """Download a file by its path; what Xray blocks is 403."""
    path, _ = split_matrix(request)
    return await send_first(platform, request, request.match_info["repo"], path)


async def put(platform: Platform, request: web.Request) -> web.Response:
    """Deploy a file, or with a slash at the end make a folder; `;name=value` after it sets properties."""
    repository = deployable(platform, request.match_info["repo"])
    path, properties = split_matrix(request)
    by = permit(platform, request, "deploy", repository, path).user
    storage, key = platform.artifactory, repository.storage_key
    try:
        if path.endswith("/"):
            folder = storage.make_folder(key, path.rstrip("/"), by=by)
            return json_answer(folder_info(base_url(request), folder, []), status=201)
        if storage.get(key, path) is not None:
            permit(platform, request, "delete", repository, path)  # overwriting takes it
        body = await _body(storage, request)
        item = deploy(storage, repository, path, body, by=by, properties=properties)
    except NotStored as error:
        raise errors.artifactory(error.status, error.message) from error
    answer = json_answer(file_info(base_url(request), item), status=201)
    answer.headers["Location"] = f"{base_url(request)}/{item.repo}/{quote(item.path)}"
    return answer


async def delete(platform: Platform, request: web.Request) -> web.Response:
    """Delete a file, or a folder with all that is in it."""
    key = request.match_info["repo"]
    path = split_matrix(request)[0].strip("/")
    repository = platform.artifactory.owner(key)
    if repository is None:
        raise unknown_repository(key)
    permit(platform, request, "delete", repository, path)
    if not platform.artifactory.delete(repository.storage_key, path):
        raise errors.artifactory(404, f"Could not locate artifact '{key}:{path}'.")
    return web.Response(status=204)


async def copy(platform: Platform, request: web.Request) -> web.Response:
    """`POST /api/copy/<repo>/<path>?to=/<repo>/<path>`: one file or a folder."""
    return _transfer(platform, request, "copied", forget=False)


async def move(platform: Platform, request: web.Request) -> web.Response:
    """As a copy, and the source is deleted."""
    return _transfer(platform, request, "moved", forget=True)


def split_matrix(request: web.Request) -> tuple[str, Properties]:
    """The path of a request without the matrix parameters after it, and those as properties.

    Read from the address as it was sent: an encoded semicolon belongs to the path.
    """
    raw = request.rel_url.raw_path.split("/", 3)[3] if request.rel_url.raw_path.count("/") >= 3 else ""
    raw_path, _, matrix = raw.partition(";")
    try:
        return _unquoted(raw_path), read_properties(_unquoted(matrix))
    except ValueError as error:
        raise errors.artifactory(400, str(error)) from error


def _unquoted(raw: str) -> str:
    return URL.build(path=f"/{raw}", encoded=True).path[1:]


async def _body(storage: Storage, request: web.Request) -> bytes:
    """The body that was sent and is what its sender says, or the one that is stored by that digest."""
    headers = request.headers
    sha256, sha1 = headers.get("X-Checksum-Sha256", ""), headers.get("X-Checksum-Sha1", "")
    if headers.get("X-Checksum-Deploy", "").lower() == "true":
        stored = storage.content(sha256=sha256, sha1=sha1)
        if stored is None:
            raise errors.artifactory(404, "Checksum values not found")
        return stored
    body = await request.read()
    md5 = headers.get("X-Checksum-Md5", "") or headers.get("X-Checksum", "")
    refuse_mismatch(body, sha256=sha256, sha1=sha1, md5=md5)
    return body


def _transfer(platform: Platform, request: web.Request, done: str, *, forget: bool) -> web.Response:
    source_key, source_path = request.match_info["repo"], request.match_info["path"].strip("/")
    target_key, _, target_path = request.query.get("to", "").strip("/").partition("/")
    source, target = platform.artifactory.owner(source_key), deployable(platform, target_key)
    if source is None:
        raise unknown_repository(source_key)
    permit(platform, request, "delete" if forget else "read", source, source_path)
    permit(platform, request, "deploy", target, target_path)
    item = platform.artifactory.get(source.storage_key, source_path)
    if item is None:
        raise errors.artifactory(404, f"Could not find item at {source_key}:{source_path}")
    if request.query.get("dry", "0") != "1":
        _copy(platform, item, target, target_path or source_path, by=caller_of(request).user)
        if forget:
            platform.artifactory.delete(item.repo, item.path)
    told = f"{done} from {source_key}:{source_path} to {target_key}:{target_path}"
    return json_answer({"messages": [{"level": "INFO", "message": told}]})


def _copy(platform: Platform, item: Item, target: Repository, path: str, *, by: str) -> None:
    storage = platform.artifactory
    try:
        for each in [item, *storage.below(item)]:
            there = path + each.path[len(item.path) :]
            if each.is_folder:
                storage.make_folder(target.storage_key, there, by=by)
            else:
                deploy(storage, target, there, storage.body(each), by=by, properties=each.properties)
    except NotStored as error:
        raise errors.artifactory(error.status, error.message) from error
