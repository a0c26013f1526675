"""Who asks which repository for which image: what each call to a registry begins with, and its refusals.

A registry is reached below `/artifactory/api/docker/<repo>/v2/`, by the repository's key as the first part
of an image's name (`/v2/<repo>/<image>/…`, the path method), or as the first label of the host (the
subdomain method).

Sources: JFrog's knowledge base and its clients for the three addresses; what a real 7.161 answers to whoever
may not enter, to a missing manifest and to a push into a remote: measurements in github.com/lzwzzy/binflow.
"""

import re

import msgspec
from aiohttp import web

from jfrog_standin import errors
from jfrog_standin.access import CALLER, Caller, Unknown
from jfrog_standin.artifactory.base_url import base_url
from jfrog_standin.artifactory.docker_layout import PACKAGE_TYPES
from jfrog_standin.artifactory.oci import DIGEST
from jfrog_standin.artifactory.repository import Repository
from jfrog_standin.permissions import Action
from jfrog_standin.platform import Platform

API = "/artifactory/api/docker"
NAME = re.compile(r"[a-z0-9]+(?:(?:\.|_|__|-+|/)[a-z0-9]+)*")
TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """A request to a registry, by somebody who may talk to Artifactory."""

    platform: Platform
    request: web.Request
    caller: Caller
    key: str  # of the repository, as it was asked for: a virtual one's, or a cache's
    name: str  # of the image; empty where none is named
    base: str  # the path that stands for "/v2" of this repository: where locations in answers begin

    def fetches(self, member: Repository) -> bool:
        """Does a member ask its upstream? A remote does, but not offline, nor when its cache was asked."""
        return member.rclass == "remote" and not member.is_offline and self.key != member.storage_key

    def readable(self) -> list[Repository]:
        """The repositories behind the one that was asked, as far as the caller may read the image there."""
        members = self.platform.artifactory.members(self.key)
        readable = [member for member in members if self.may_read(member, self.name)]
        if members and not readable:
            raise self.refusal()
        return readable

    def may_read(self, member: Repository, name: str) -> bool:
        """May the caller read an image, by a grant on all that is below its folder?"""
        return self.caller.may("read", member.key, f"{name}/")

    def permit(self, action: Action, repository: Repository, path: str) -> None:
        """Raise a refusal unless the caller may do that there."""
        if not self.caller.may(action, repository.key, path):
            raise self.refusal()

    def refusal(self) -> errors.Refused:
        """A challenge for somebody unknown, who might sign in; DENIED for somebody known."""
        if self.caller.anonymous:
            return _challenge(self.request, self.key)
        if self.platform.switches.hide_unauthorized:
            return errors.docker(404, "NAME_UNKNOWN", "The named repository is not known to the registry.")
        return errors.docker(403, "DENIED", "The access controller denied access for the operation.")

    def target(self, doing: str) -> Repository:
        """The local repository that takes what is sent to the one that was asked.

        `doing` is what a remote says that it can't: "upload a manifest to".
        """
        repositories = self.platform.artifactory.repositories
        asked = repositories.get(self.key)
        passed_on = asked is not None and asked.rclass == "virtual"
        found = repositories.get(asked.default_deployment) if asked is not None and passed_on else asked
        if found is None and passed_on:
            raise errors.artifactory(405, f"No local repository to deploy to is configured for '{self.key}'.")
        if found is None or found.rclass == "remote":
            raise errors.artifactory(400, f"Unable to {doing} a remote repository.")
        return found


def begin(platform: Platform, request: web.Request) -> Call:
    """Read the repository, the image and the caller of a request.

    Raises:
        errors.Refused: nobody known, no such repository, one of other packages, or no name of an image.
    """
    key, name, base = _address(platform, request)
    caller = _caller(request, key)
    if not key:  # "/v2/" alone: a client that asks whether this is a registry
        return Call(platform=platform, request=request, caller=caller, key="", name="", base="/v2")
    owner = platform.artifactory.owner(key)
    if owner is None or owner.package_type not in PACKAGE_TYPES:
        raise errors.artifactory(400, f"Unsupported docker repository request for '{key}'")
    if name and (not NAME.fullmatch(name) or len(name) > 255):
        raise errors.docker(400, "NAME_INVALID", "invalid repository name", {"name": name[:255]})
    return Call(platform=platform, request=request, caller=caller, key=key, name=name, base=base)


def checked_reference(text: str) -> str:
    """A tag or a digest.

    Raises:
        errors.Refused: it is neither.
    """
    if not DIGEST.fullmatch(text) and not TAG.fullmatch(text):
        raise errors.docker(400, "TAG_INVALID", "manifest tag did not match URI", {"tag": text[:255]})
    return text


def unknown_manifest(call: Call) -> errors.Refused:
    """The image, or the manifest of it, is not there; a real one does not say which of them."""
    message = "The named manifest is not known to the registry."
    return errors.docker(404, "MANIFEST_UNKNOWN", message, {"manifest": call.name})


def unknown_blob(digest: str) -> errors.Refused:
    return errors.docker(404, "BLOB_UNKNOWN", "blob unknown to registry", {"blobSum": digest})


def unknown_name(call: Call) -> errors.Refused:
    message = "repository name not known to registry"
    return errors.docker(404, "NAME_UNKNOWN", message, {"name": call.name})


def _address(platform: Platform, request: web.Request) -> tuple[str, str, str]:
    """The key, the image's name, and the path to answer with; see the three ways in the module's text."""
    name = request.match_info.get("name", "")
    if "repo" in request.match_info:
        key = request.match_info["repo"]
        return key, name, f"{API}/{key}/v2"
    label = request.host.partition(".")[0]
    if label in platform.artifactory.repositories:
        return label, name, "/v2"
    key, _, rest = name.partition("/")
    return key, rest, f"/v2/{key}" if key else "/v2"


def _caller(request: web.Request, key: str) -> Caller:
    """The caller, unless it is nobody: a client without a token is told where it gets one.

    Wrong passwords are refused as everywhere in Artifactory; a token that has ended is to be renewed.
    """
    caller = request[CALLER]
    if isinstance(caller, Caller):
        if not caller.is_heard_by("jfrt"):
            raise errors.unauthorized("artifactory", "audience")
        return caller
    if _is_basic(request, caller):
        raise errors.unauthorized("artifactory", caller.why)
    raise _challenge(request, key)


def _is_basic(request: web.Request, caller: Unknown) -> bool:
    return caller.why != "missing" and not request.headers.get("Authorization", "").lower().startswith(
        "bearer"
    )


def _challenge(request: web.Request, key: str) -> errors.Refused:
    """401 with the address at which the client gets a token for its password."""
    base = base_url(request)
    in_path = request.path.startswith(API)
    realm = (
        f"{base}/api/docker/{key}/v2/token" if in_path else f"{base.removesuffix('/artifactory')}/v2/token"
    )
    bearer = f'Bearer realm="{realm}",service="{request.host}"'
    return errors.docker(401, "UNAUTHORIZED", "authentication required", **{"WWW-Authenticate": bearer})
