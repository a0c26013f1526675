"""`reedbed connection filter`: what a connection lets in, and what that comes to."""

import getpass
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
from cyclopts import Parameter

from reedbed.cli import show
from reedbed.cli.exit import Exit
from reedbed.cli.options import AsJson, Common
from reedbed.errors import SettingsError
from reedbed.model.inventory import Applicability

if TYPE_CHECKING:
    from reedbed.inventory.connection.filters import Preview
    from reedbed.inventory.connection.scope import Filters
    from reedbed.wiring.parts import Parts

FLAG = Parameter(negative="")
Patterns = tuple[str, ...]


async def filters(
    name: str,
    *,
    repository: Annotated[Patterns, FLAG] = (),
    not_repository: Annotated[Patterns, FLAG] = (),
    type: Annotated[Patterns, FLAG] = (),  # noqa: A002 - the option's name
    package_type: Annotated[Patterns, FLAG] = (),
    project: Annotated[Patterns, FLAG] = (),
    image: Annotated[Patterns, FLAG] = (),
    not_image: Annotated[Patterns, FLAG] = (),
    tag: Annotated[Patterns, FLAG] = (),
    not_tag: Annotated[Patterns, FLAG] = (),
    newest_tags: int | None = None,
    within_days: float | None = None,
    property: Annotated[Patterns, FLAG] = (),  # noqa: A002 - the option's name
    severity: Literal["information", "low", "medium", "high", "critical"] | None = None,
    not_applicability: Annotated[tuple[Applicability, ...], FLAG] = (),
    clear: Annotated[bool, FLAG] = False,
    preview: Annotated[bool, FLAG] = False,
    by: str = "",
    json: AsJson = False,
    common: Common | None = None,
) -> int:
    """Say what is let in; show first what that comes to.

    Parameters
    ----------
    name
        The connection.
    repository
        Keys of repositories that are let in; a remote's without -cache.
    not_repository
        Keys of repositories that are left out.
    type
        Types of repositories: local, remote, federated, virtual.
    package_type
        Package types of repositories: docker, oci, npm, …
    project
        Projects, by their keys.
    image
        Paths of images below their repository that are let in.
    not_image
        Paths of images that are left out.
    tag
        Tags that are let in.
    not_tag
        Tags that are left out.
    newest_tags
        Of each image only so many tags, by when they were uploaded.
    within_days
        Only what was uploaded no longer ago.
    property
        `key=value`: only images whose manifest's file has this property in Artifactory.
    severity
        The least severity of findings; what is not known is let in.
    not_applicability
        Findings of this applicability are left out.
    clear
        Let everything in.
    preview
        Only show what it would come to.
    by
        Who decides, for the audit log; default: who is signed in to this machine.
    json
        Print the filters and what they come to as one JSON value.
    """
    from reedbed.inventory.connection.connections import scope_of
    from reedbed.inventory.connection.scope import Filters
    from reedbed.model.inventory import Severity
    from reedbed.store.inventory import connections
    from reedbed.wiring.parts import opened

    try:
        wanted = Filters(
            repositories=repository,
            not_repositories=not_repository,
            types=type,
            package_types=package_type,
            projects=project,
            images=image,
            not_images=not_image,
            tags=tag,
            not_tags=not_tag,
            newest_tags=newest_tags,
            within_days=within_days,
            properties=dict(map(_pair, property)),
            severity=Severity[severity.upper()] if severity else None,
            not_applicability=not_applicability,
        )
    except ValueError as error:
        raise SettingsError("Could not filter so", why=str(error), fix="Change the argument.") from error
    async with opened((common or Common()).load()) as parts:
        scope = scope_of(await parts.db.read(connections.get, name))
        if not clear and wanted == Filters():
            preview, wanted = True, scope.filters  # nothing was said: show what is
        counted = await _counted(parts, name, wanted)
        if not preview:
            changed = msgspec.structs.replace(scope, filters=wanted)
            await parts.connections.edit(name, who=by or getpass.getuser(), scope=changed)
    _show(wanted, counted, as_json=json)
    if not preview:
        show.err.print(f"{name} goes by that from the next run on. What is left out is not fixed.")
    return Exit.DONE


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not (key and equals):
        raise ValueError(f"--property {text!r} is not key=value")
    return key, value


async def _counted(parts: "Parts", name: str, wanted: "Filters") -> "Preview":
    from reedbed.inventory.run import previewing
    from reedbed.jobs import now_utc
    from reedbed.wiring.lines import line_of

    counted = await parts.db.read(previewing.from_store, name, wanted, now=now_utc())
    if counted is not None:
        return counted
    async with line_of(parts, name) as jfrog:
        return await previewing.live(jfrog, wanted, now=now_utc())


def _show(wanted: "Filters", counted: "Preview", *, as_json: bool) -> None:
    from reedbed.inventory.connection.filters import written

    if as_json:
        show.json({"filters": msgspec.to_builtins(wanted), "preview": counted})
        return
    for line in written(wanted) or ["everything is let in"]:
        show.line(show.safe(line))
    rows = [
        (what, share.let_in, share.left_out)
        for what in ("repositories", "images", "tags", "findings")
        if (share := getattr(counted, what))
    ]
    show.table(["", "let in", "left out"], rows)
    for each in counted.not_counted:
        show.line(f"not counted: {show.safe(each)}; Artifactory tells at the next run")
