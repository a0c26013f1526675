"""`reedbed registry …`: the repositories of packages that projects are resolved through."""

import getpass
from collections import defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import msgspec
from cyclopts import Parameter

from reedbed.cli import show
from reedbed.cli.checks import show_checks
from reedbed.cli.exit import Exit
from reedbed.cli.options import AsJson, Common
from reedbed.cli.platform import read_token
from reedbed.errors import SettingsError
from reedbed.model.registry import Endpoint, Manager, Registry

if TYPE_CHECKING:
    from reedbed.remedy.registry.registries import Tested

FLAG = Parameter(negative="")
PACKAGES = Parameter(name="--package", negative="")


async def add(
    name: str,
    *,
    npm: str = "",
    pypi: str = "",
    go: str = "",
    ca_file: str | None = None,
    proxy: str | None = None,
    timeout_s: float = 60.0,
    allow_plain_http: Annotated[bool, FLAG] = False,
    no_test: Annotated[bool, FLAG] = False,
    json: AsJson = False,
    common: Common | None = None,
) -> int:
    """Store the URLs of repositories of packages and their token (encrypted), after testing them.

    Parameters
    ----------
    name
        Your name for it: a-z, 0-9 and -.
    npm
        URL of an npm repository: `https://company.jfrog.io/artifactory/api/npm/npm-virtual/`.
    pypi
        URL of a PyPI repository: `https://company.jfrog.io/artifactory/api/pypi/pypi-virtual/simple`.
    go
        URL of a Go repository: `https://company.jfrog.io/artifactory/api/go/go-virtual`.
    ca_file
        PEM file of a private certificate authority.
    proxy
        HTTP proxy to reach it by.
    timeout_s
        Seconds after which one request is given up.
    allow_plain_http
        Allow http://, to this machine itself only.
    no_test
        Store it although nothing was tested.
    json
        Print the registry and its checks as one JSON value.
    """
    from reedbed.wiring.parts import opened

    settings = (common or Common()).load()
    endpoints = _endpoints({"npm": npm, "pypi": pypi, "go": go}, plain_http=allow_plain_http)
    try:
        registry = Registry(name=name, endpoints=endpoints, ca_file=ca_file, proxy=proxy, timeout_s=timeout_s)
    except ValueError as error:
        fix = "Give at least one of --npm, --pypi and --go, all of one host."
        raise SettingsError("Could not add the registry", why=str(error), fix=fix) from error
    async with opened(settings) as parts:
        token, who = read_token(), getpass.getuser()
        tested = await parts.registries.add(registry, token, who=who, test=not no_test)
    return _told(tested, json=json, kept=f"{name} is stored.", lost=f"{name} was not stored.")


async def edit(
    name: str,
    *,
    npm: str = "",
    pypi: str = "",
    go: str = "",
    drop: Annotated[tuple[Manager, ...], Parameter(negative="")] = (),
    allow_plain_http: Annotated[bool, FLAG] = False,
    no_test: Annotated[bool, FLAG] = False,
    json: AsJson = False,
    common: Common | None = None,
) -> int:
    """Set or take away URLs of a registry, after testing what comes of it.

    Parameters
    ----------
    name
        The registry.
    npm
        The URL of its npm repository from now on.
    pypi
        The URL of its PyPI repository from now on.
    go
        The URL of its Go repository from now on.
    drop
        Take the URL for npm, pypi or go away.
    allow_plain_http
        Allow http://, to this machine itself only.
    no_test
        Change it although nothing was tested.
    json
        Print the registry and its checks as one JSON value.
    """
    from reedbed.wiring.parts import opened

    changes: dict[Manager, Endpoint | None] = dict.fromkeys(drop)
    changes |= _endpoints({"npm": npm, "pypi": pypi, "go": go}, plain_http=allow_plain_http)
    if not changes:
        raise SettingsError(
            "There is nothing to change", why="no URL was given.", fix="Give --npm, --pypi, --go or --drop."
        )
    async with opened((common or Common()).load()) as parts:
        tested = await parts.registries.edit(name, changes, who=getpass.getuser(), test=not no_test)
    return _told(tested, json=json, kept=f"{name} is changed.", lost=f"{name} stays as it was.")


async def check_one(
    name: str,
    *,
    package: Annotated[tuple[str, ...], PACKAGES] = (),
    json: AsJson = False,
    common: Common | None = None,
) -> int:
    """Find out what of a registry works and what does not, each with what to do.

    Parameters
    ----------
    name
        The registry.
    package
        Say also whether a package can be had, and why not: `npm:lodash`, `pypi:flask`; again and again.
    json
        Print the registry and its checks as one JSON value.
    """
    from reedbed.wiring.parts import opened

    async with opened((common or Common()).load()) as parts:
        tested = await parts.registries.test(name, packages=_packages(package))
    return _told(tested, json=json, kept="", lost="")


async def rotate(
    name: str, *, no_test: Annotated[bool, FLAG] = False, json: AsJson = False, common: Common | None = None
) -> int:
    """Replace a registry's token after testing the new one.

    Parameters
    ----------
    name
        The registry.
    no_test
        Replace it although the new one was not tested.
    json
        Print the registry and its checks as one JSON value.
    """
    from reedbed.wiring.parts import opened

    async with opened((common or Common()).load()) as parts:
        who = getpass.getuser()
        tested = await parts.registries.rotate(name, read_token(), who=who, test=not no_test)
    return _told(tested, json=json, kept=f"{name} has a new token.", lost="The old token stays.")


async def list_all(*, json: AsJson = False, common: Common | None = None) -> int:
    """List the registries, their URLs, and when their tokens expire.

    Parameters
    ----------
    json
        Print one JSON value.
    """
    from reedbed.store import registries
    from reedbed.wiring.parts import opened

    async with opened((common or Common()).load()) as parts:
        found = await parts.db.read(registries.list_all)
    if json:
        show.json(found)
        return Exit.DONE
    rows = [
        (each.name, manager, endpoint.url, each.token_expires_at or "not known")
        for each in found
        for manager, endpoint in each.endpoints.items()
    ]
    show.table(["name", "manager", "url", "token expires"], rows)
    return Exit.DONE


async def show_one(name: str, *, json: AsJson = False, common: Common | None = None) -> int:
    """Show a registry and what its last test came to.

    Parameters
    ----------
    name
        The registry.
    json
        Print one JSON value.
    """
    from reedbed.store import registries
    from reedbed.wiring.parts import opened

    async with opened((common or Common()).load()) as parts:
        registry = await parts.db.read(registries.get, name)
        last = await parts.db.read(registries.last_test, name)
    if json:
        show.json({**msgspec.structs.asdict(registry), **msgspec.structs.asdict(last)})
        return Exit.DONE
    rows: list[tuple[str, object]] = [(each.manager, each.url) for each in registry.endpoints.values()]
    rows += [
        ("token expires", registry.token_expires_at or "not known"),
        ("tested", last.tested_at or "never"),
    ]
    show.table([registry.name, ""], rows)
    show_checks(last.checks)
    return Exit.DONE


async def remove(name: str, *, common: Common | None = None) -> int:
    """Forget a registry and its token.

    Parameters
    ----------
    name
        The registry.
    """
    from reedbed.wiring.parts import opened

    async with opened((common or Common()).load()) as parts:
        await parts.registries.remove(name, who=getpass.getuser())
    show.err.print(f"{name} is forgotten.")
    return Exit.DONE


def _endpoints(given: Mapping[str, str], *, plain_http: bool) -> dict[Manager, Endpoint]:
    """Read the URLs that were given, and say what was corrected."""
    from reedbed.jfrog.registry_url import read_url

    found = {}
    for manager in Manager:
        if not given[manager]:
            continue
        read = read_url(manager, given[manager], plain_http_to_loopback=plain_http)
        found[manager] = read.endpoint
        for correction in read.corrections:
            show.err.print(f"{manager}: {correction}: {show.safe(read.endpoint.url)}")
    return found


def _packages(given: tuple[str, ...]) -> dict[Manager, list[str]]:
    found: dict[Manager, list[str]] = defaultdict(list)
    for text in given:
        manager, colon, package = text.partition(":")
        if not colon or manager not in set(Manager):
            raise SettingsError(
                f"Could not look up {text!r}",
                why="it does not say of which manager the package is",
                fix="Write it as npm:lodash, pypi:flask or go:github.com/pkg/errors.",
            )
        found[Manager(manager)].append(package)
    return dict(found)


def _told(tested: "Tested", *, json: bool, kept: str, lost: str) -> Exit:
    if json:
        show.json(msgspec.structs.asdict(tested))
    else:
        show_checks(tested.checks)
    if not tested.kept:
        show.err.print(f"{lost} Mend what failed, or say --no-test.")
        return Exit.FAILED
    if kept:
        show.err.print(kept)
    return Exit.DONE if tested.passed else Exit.FAILED
