"""/xray/api/v{1,2}/summary/artifact and v1/summary/component: what Xray found, asked by the batch.

Source: docs.jfrog.com, artifact-summary and artifact-summary_artifacts-v2. An artifact that is unknown, not
indexed, not yet scanned or past its retention stands in `errors`, always with the same sentence.
"""

import asyncio
from collections.abc import Iterator
from fnmatch import fnmatchcase
from itertools import count
from typing import Literal

import msgspec
from aiohttp import web

from jfrog_standin import errors
from jfrog_standin.access import Caller, caller_of
from jfrog_standin.platform import Platform, platform_of
from jfrog_standin.settings import Switches
from jfrog_standin.xray.body import as_kind, json_object
from jfrog_standin.xray.bundle import TURNS, Form
from jfrog_standin.xray.lookup import artifact_at, artifact_with, children_of, components_like
from jfrog_standin.xray.scan import TOLD, UNDER_WAY
from jfrog_standin.xray.scanned import ScannedArtifact
from jfrog_standin.xray.summary_answer import artifact_json, general, summary

UNKNOWN = "Artifact doesn't exist or not indexed/cached in Xray"
INDEX = "list.manifest.json"


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked about; with paths, checksums are ignored."""

    paths: tuple[str, ...] = ()
    checksums: tuple[str, ...] = ()

    @property
    def identifiers(self) -> tuple[str, ...]:
        return self.paths or self.checksums


class ComponentDetail(msgspec.Struct, frozen=True, kw_only=True):
    component_id: str


class Summaries:
    """The summaries of one platform; how many are made at once may be limited."""

    def __init__(self) -> None:
        self._running = 0
        self._calls = count()

    def routes(self) -> list[web.RouteDef]:
        base = "/xray/api/v{version:[12]}/summary/artifact"
        return [web.post(base, self.artifacts), web.post("/xray/api/v1/summary/component", self.components)]

    async def artifacts(self, request: web.Request) -> web.Response:
        """Answer a batch in the order in which it was asked."""
        platform, version = platform_of(request), _version(request)
        batch = as_kind(await json_object(request), Batch)
        if not batch.identifiers:
            raise errors.xray(400, "Either paths or checksums are required")
        if platform.switches.summary_parallel and self._running >= platform.switches.summary_parallel:
            raise errors.failure("xray", 429)
        self._running += 1
        try:
            await _take_time(platform, batch)
            form = _form(platform.switches, version, turn=next(self._calls) % TURNS)
            return _answer(platform, caller_of(request), batch, form)
        finally:
            self._running -= 1

    async def components(self, request: web.Request) -> web.Response:
        """Answer what is known of components, wherever they are."""
        platform = platform_of(request)
        body = await json_object(request)
        asked = as_kind({"d": body.get("component_details") or ()}, dict[str, tuple[ComponentDetail, ...]])[
            "d"
        ]
        form = _form(platform.switches, 1, turn=0)
        found: list[bytes] = []
        failed: list[str] = []
        for detail in asked:
            bundle = components_like(platform, detail.component_id)
            if bundle is None:
                failed.append(detail.component_id)
                continue
            named = {"name": detail.component_id.partition("://")[2], "component_id": detail.component_id}
            found.append(artifact_json(named, (bundle,), b"", form))
        return _json(summary(found, [(name, UNKNOWN) for name in failed]))


def _version(request: web.Request) -> Literal[1, 2]:
    if request.match_info["version"] == "1":
        return 1
    if not platform_of(request).switches.summary_v2:
        raise web.HTTPNotFound
    return 2


def _form(switches: Switches, version: Literal[1, 2], *, turn: int) -> Form:
    return Form(
        version=version,
        bare_ids=switches.component_ids == "bare",
        bracketed_fixes=switches.bracketed_fixes,
        turn=turn if switches.summary_shuffles else 0,
    )


async def _take_time(platform: Platform, batch: Batch) -> None:
    """Be as slow as a batch of that size is, and spoil one that holds what is poisoned."""
    switches = platform.switches
    slow_ms = switches.summary_item_ms * len(batch.identifiers) ** switches.summary_growth
    if slow_ms:
        await asyncio.sleep(slow_ms / 1_000)
    if switches.poisoned and any(_is_poisoned(switches, name) for name in batch.identifiers):
        if switches.poison == "hung":
            await platform.stopping.wait()
        raise errors.failure("xray", 504 if switches.poison == "504" else 500)


def _is_poisoned(switches: Switches, identifier: str) -> bool:
    return any(fnmatchcase(identifier, pattern) for pattern in switches.poisoned)


def _answer(platform: Platform, caller: Caller, batch: Batch, form: Form) -> web.Response:
    told: list[bytes] = []
    failed: list[tuple[str, str]] = []
    for identifier in batch.identifiers:
        artifacts = list(_found(platform, identifier, by_path=bool(batch.paths)))
        readable = [found for found in artifacts if caller.may("read", found.repo, found.path)]
        shown = [text for found in readable if (text := _told(platform.switches, found, form)) is not None]
        told += [text for text in shown if text]
        if not shown:
            failed.append((identifier, UNKNOWN))
    return _json(summary(told, failed))


def _found(platform: Platform, identifier: str, *, by_path: bool) -> Iterator[ScannedArtifact]:
    if not by_path:
        found = artifact_with(platform, identifier.lower())
    else:
        first, _, rest = identifier.lstrip("/").partition("/")
        place = (
            rest
            if first == "default"
            else ""
            if platform.switches.summary_needs_default
            else f"{first}/{rest}"
        )
        repo, _, path = place.partition("/")
        if path.endswith(f"/{INDEX}") and platform.switches.summary_index:
            yield from children_of(platform, repo, path)
            return
        found = artifact_at(platform, repo, path)
    if found is not None:
        yield found


def _told(switches: Switches, artifact: ScannedArtifact, form: Form) -> bytes | None:
    """Tell about one artifact; empty: keep silent; None: say that it is unknown."""
    if artifact.status in TOLD:
        return artifact_json(
            general(artifact),
            artifact.bundles,
            artifact.where.encode(),
            form,
            further_ids=artifact.further_ids,
        )
    if artifact.status in UNDER_WAY and switches.summary_pending == "missing":
        return b""
    if artifact.status in UNDER_WAY and switches.summary_pending == "empty":
        return artifact_json(general(artifact), (), b"", form)
    return None


def _json(body: bytes) -> web.Response:
    return web.Response(body=body, content_type="application/json")
