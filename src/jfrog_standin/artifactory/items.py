"""`/artifactory/api/storage/…`: what is known of a file or folder, and its properties."""

from collections.abc import Iterator

import msgspec
from aiohttp import web

from jfrog_standin import errors
from jfrog_standin.access import Caller, caller_of
from jfrog_standin.artifactory.base_url import base_url
from jfrog_standin.artifactory.gate import readable_members, refusal
from jfrog_standin.artifactory.item_answers import (
    file_info,
    file_list,
    folder_info,
    iso,
    statistics,
    storage_uri,
)
from jfrog_standin.artifactory.properties import checked_name, merged, read_properties
from jfrog_standin.artifactory.storage import Item, Storage
from jfrog_standin.errors import json_answer
from jfrog_standin.platform import Platform

SWITCHES = ("list", "properties", "stats", "lastModified")
"""What `?…` may ask for instead of the item; one at a time."""


async def get(platform: Platform, request: web.Request) -> web.Response:
    """What is known of an item, or the part that the query asks for."""
    asked = [switch for switch in SWITCHES if switch in request.query]
    if len(asked) > 1:
        raise errors.artifactory(400, f"Only one of {', '.join(asked)} may be asked for.")
    caller, item = _item(platform, request)
    match asked:
        case ["list"]:
            return _list(platform, request, caller, item)
        case ["properties"]:
            return _properties(request, item)
        case ["stats"]:
            return json_answer(statistics(base_url(request), item, platform.artifactory.statistics(item)))
        case ["lastModified"]:
            return _last_modified(platform, request, item)
    if item.is_folder:
        return json_answer(folder_info(base_url(request), item, platform.artifactory.children(item)))
    return json_answer(file_info(base_url(request), item))


async def put(platform: Platform, request: web.Request) -> web.Response:
    """`?properties=k=v;k2=v2[&recursive=1]`: set properties, beside those that are there."""
    try:
        new = read_properties(request.query.get("properties", ""))
    except ValueError as error:
        raise errors.artifactory(400, str(error)) from error
    if not new:
        raise errors.artifactory(400, "No properties were given.")
    return _change(platform, request, dict(new), recursive=request.query.get("recursive", "1") == "1")


async def delete(platform: Platform, request: web.Request) -> web.Response:
    """`?properties=k,k2[&recursive=1]`: take properties away."""
    names = [name for name in request.query.get("properties", "").split(",") if name]
    if not names:
        raise errors.artifactory(400, "No properties were given.")
    return _change(
        platform, request, dict.fromkeys(names), recursive=request.query.get("recursive", "1") == "1"
    )


class Metadata(msgspec.Struct, frozen=True):
    """The body of PATCH: values by name, null to take one away."""

    props: dict[str, str | list[str] | None]


async def patch(platform: Platform, request: web.Request) -> web.Response:
    """`/api/metadata/…`: set and take away properties in one call."""
    try:
        sent = msgspec.json.decode(await request.read(), type=Metadata).props
        new = {checked_name(name): _values(value) for name, value in sent.items()}
    except (msgspec.DecodeError, ValueError) as error:
        raise errors.artifactory(400, str(error)) from error
    return _change(platform, request, new, recursive=request.query.get("recursiveProperties", "1") == "1")


def _values(value: str | list[str] | None) -> tuple[str, ...] | None:
    return (value,) if isinstance(value, str) else value if value is None else tuple(value)


def _item(platform: Platform, request: web.Request) -> tuple[Caller, Item]:
    """The item of a request and who asks; a virtual repository shows the first member's."""
    repo, path = request.match_info["repo"], request.match_info.get("path", "").strip("/")
    caller, members = readable_members(platform, request, repo, path)
    found = (platform.artifactory.get(member.storage_key, path) for member in members)
    item = next((item for item in found if item is not None), None)
    if item is None:
        raise errors.artifactory(404, "Unable to find item")
    return caller, item


def _list(platform: Platform, request: web.Request, caller: Caller, item: Item) -> web.Response:
    """`?list&deep=1&depth=n&listFolders=1`; only for somebody who signed in."""
    if caller.anonymous:
        raise refusal(platform, caller)
    if not item.is_folder:
        raise errors.artifactory(400, f"Expected a folder but found a file, at: {item.repo}:{item.path}")
    try:
        depth = int(request.query.get("depth", "0")) or (512 if request.query.get("deep") == "1" else 1)
    except ValueError as error:
        raise errors.artifactory(400, "depth is a number.") from error
    folders = request.query.get("listFolders") == "1"
    items = [
        found
        for found in _below(platform.artifactory, item, depth)
        if (folders or not found.is_folder) and caller.may("read", found.repo, found.path)
    ]
    answer = file_list(base_url(request), item, items, now=platform.artifactory.now())
    return json_answer(answer)


def _below(storage: Storage, folder: Item, depth: int) -> Iterator[Item]:
    level = folder.path.count("/") + (1 if folder.path else 0)
    return (item for item in storage.below(folder) if item.path.count("/") - level < depth)


def _properties(request: web.Request, item: Item) -> web.Response:
    names = [name for name in request.query["properties"].split(",") if name]
    shown = {name: list(values) for name, values in item.properties.items() if not names or name in names}
    if not shown:
        raise errors.artifactory(404, "No properties could be found.")
    return json_answer({"properties": shown, "uri": storage_uri(base_url(request), item)})


def _last_modified(platform: Platform, request: web.Request, item: Item) -> web.Response:
    newest = max([item, *platform.artifactory.below(item)], key=lambda each: each.modified)
    return json_answer({"uri": storage_uri(base_url(request), newest), "lastModified": iso(newest.modified)})


def _change(
    platform: Platform, request: web.Request, new: dict[str, tuple[str, ...] | None], *, recursive: bool
) -> web.Response:
    _, item = _item(platform, request)
    caller = caller_of(request)
    if not caller.may("annotate", item.repo, item.path):
        raise refusal(platform, caller)
    below = platform.artifactory.below(item) if recursive else ()
    for changed in [item, *below]:
        platform.artifactory.set_properties(changed, merged(changed.properties, new))
    return web.Response(status=204)
