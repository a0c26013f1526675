"""Who may do what to which repository, and the answers to those who may not."""

from aiohttp import web

from jfrog_standin import errors
from jfrog_standin.access import Caller, caller_of
from jfrog_standin.artifactory.repository import Repository
from jfrog_standin.artifactory.resolution import Asked, answering, takes
from jfrog_standin.permissions import Action
from jfrog_standin.platform import Platform


def permit(
    platform: Platform, request: web.Request, action: Action, repository: Repository, path: str = ""
) -> Caller:
    """The caller, when it may do that to a path of a repository that is not virtual."""
    caller = caller_of(request)
    if not caller.may(action, repository.key, path):
        raise refusal(platform, caller)
    return caller


def administrator(platform: Platform, request: web.Request) -> Caller:
    """The caller, when it is an administrator."""
    caller = caller_of(request)
    if not caller.admin:
        raise refusal(platform, caller)
    return caller


def readable_members(
    platform: Platform, request: web.Request, key: str, path: str = ""
) -> tuple[Caller, list[Repository]]:
    """The caller, and the repositories behind a key that it may read: permissions name no virtual ones."""
    caller = caller_of(request)
    members = known(platform, key)
    readable = [member for member in members if caller.may("read", member.key, path)]
    if members and not readable:
        raise refusal(platform, caller)
    return caller, readable


def answering_members(
    platform: Platform, request: web.Request, key: str, asked: Asked, path: str
) -> tuple[Caller, list[Repository]]:
    """Of the readable members those that answer for a package, by patterns, also its own, and priorities."""
    caller, members = readable_members(platform, request, key, path)
    repository = platform.artifactory.owner(key)
    if repository is not None and not takes(repository, asked.paths):
        return caller, []
    return caller, answering(platform.artifactory, members, asked)


def deployable(platform: Platform, key: str) -> Repository:
    """The local repository that takes what is deployed to a key; a virtual one passes it on."""
    repositories = platform.artifactory.repositories
    asked = repositories.get(key)
    if asked is None:
        raise unknown_repository(key)
    repository = repositories.get(asked.default_deployment) if asked.rclass == "virtual" else asked
    if repository is None or repository.rclass in {"virtual", "remote"}:
        raise errors.artifactory(405, f"No local repository to deploy to is configured for '{key}'.")
    return repository


def known(platform: Platform, key: str) -> list[Repository]:
    if platform.artifactory.owner(key) is None:
        raise unknown_repository(key)
    return platform.artifactory.members(key)


def unknown_repository(key: str) -> errors.Refused:
    return errors.artifactory(404, f"Repository '{key}' not found.")


def refusal(platform: Platform, caller: Caller) -> errors.Refused:
    """401 for somebody unknown, who might sign in; 403 for somebody known."""
    if caller.anonymous:
        return errors.unauthorized("artifactory", "missing")
    return errors.forbidden("artifactory", hide=platform.switches.hide_unauthorized)
