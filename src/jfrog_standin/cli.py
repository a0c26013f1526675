"""The commands of `jfrog-standin`: serve one, and steer one that runs."""

import asyncio
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, Literal, NoReturn

import msgspec
from cyclopts import App, Parameter

from jfrog_standin.faults import Kind
from jfrog_standin.seeding.seed import Seed
from jfrog_standin.settings import Certificate, Mode, StandIn, Switches

DATA = Path(".jfrog-standin")
Data = Annotated[Path, Parameter(env_var="JFROG_STANDIN_DATA")]

app = App(name="jfrog-standin", help="A small JFrog Platform for tests, on this machine.")
fault = App(name="fault", help="Let requests to a running stand-in go wrong.")
app.command(fault)


@app.command
def serve(
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    tls: Annotated[bool, Parameter(negative="--plain")] = True,
    certificate: Certificate = "valid",
    data: Data = DATA,
    mode: Mode = "strict",
    beyond_loopback: Annotated[bool, Parameter(negative="")] = False,
    empty: Annotated[bool, Parameter(negative="")] = False,
    seed_images: int = 0,
    seed: int = 1,
    day: int = 0,
    churn: float = 0.01,
    small_kb: float = 55,
    large_kb: float = 1_700,
    large_share: float = 0.01,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> None:
    """Serve a platform until SIGTERM or Ctrl-C.

    Example: jfrog-standin serve --port 8443

    Args:
        host: Address to listen on; only loopback unless --beyond-loopback.
        port: Port to listen on; 0 takes a free one.
        tls: With TLS (--tls) or plain HTTP (--plain).
        certificate: Which certificate to show; all but valid exist to be refused.
        data: Folder for the CA file and for the address of this stand-in.
        mode: strict answers 400 to a custom issue that Xray would drop; silent answers 201 and drops it.
        beyond_loopback: Listen where other machines can reach it. Its passwords are public: think twice.
        empty: Start without repositories; else there are npm, npm-local and npm-remote, and so on.
        seed_images: Grow a platform with so many images; 0 grows none.
        seed: What it grows from: the same seed gives the same platform.
        day: On which of its days it starts.
        churn: The share of its images that a day changes.
        small_kb: About how many kB Xray's summary tells of a usual image.
        large_kb: And of a large one.
        large_share: The share of image names that are large.
        as_json: Print one JSON line instead of readable ones.
    """
    sizes = {"small_kb": small_kb, "large_kb": large_kb, "large_share": large_share}
    grown = {"images": seed_images, "seed": seed, "day": day, "churn": churn, **sizes}
    try:
        settings = StandIn(
            host=host,
            port=port,
            certificate=certificate if tls else None,
            data=data,
            beyond_loopback=beyond_loopback,
            quick_setup=not empty,
            seeded=msgspec.convert(grown, Seed) if seed_images else None,
            switches=Switches(mode=mode),
        )
        asyncio.run(_serve(settings, data, as_json=as_json))
    except (ValueError, OSError) as error:
        _fail(f"Could not start the stand-in: {error}")


@fault.command(name="add")
def add_fault(
    kind: Kind,
    *,
    method: str = "*",
    path: str = "*",
    share: float = 1.0,
    every: int = 1,
    skip: int = 0,
    count: int | None = None,
    seed: int = 0,
    status: int | None = None,
    retry_after: int | None = None,
    delay_ms: int | None = None,
    location: str | None = None,
    megabytes: int | None = None,
    seconds: float | None = None,
    fields: Annotated[list[str] | None, Parameter(negative="")] = None,
    data: Data = DATA,
) -> None:
    """Put a fault in force, and print its number.

    Example: jfrog-standin fault add status --status 429 --retry-after 2 --path "/xray/*" --share 0.1

    Args:
        kind: How they go wrong.
        method: Only requests with this method.
        path: Only requests whose path matches this glob.
        share: The share of those that go wrong, from 0 to 1.
        every: Only each n-th of them.
        skip: Let the first n through.
        count: Strike so many times, then never again.
        seed: Of the random numbers behind --share.
        status: The status of the kind status (500).
        retry_after: Its Retry-After in seconds.
        delay_ms: The delay of the kind slow (1000).
        location: The target of the kind redirect.
        megabytes: What a gzip_bomb unpacks to (1024).
        seconds: How far the Date of clock_skew is ahead.
        fields: The fields that missing_fields takes away; may be given more than once.
        data: Data folder of the running stand-in.
    """
    given = {
        "status": status,
        "retry_after": retry_after,
        "delay_ms": delay_ms,
        "location": location,
        "megabytes": megabytes,
        "seconds": seconds,
        "fields": fields,
    }
    rule = {"kind": kind, "method": method, "path": path, "share": share, "every": every, "skip": skip}
    rule |= {"count": count, "seed": seed}
    rule["params"] = {name: value for name, value in given.items() if value is not None}
    _print(_ask(data, "POST", "/faults", rule))


@fault.command(name="list")
def list_faults(*, data: Data = DATA) -> None:
    """List the faults in force, with how often each has struck."""
    _print(_ask(data, "GET", "/faults"))


@fault.command(name="clear")
def clear_faults(number: int | None = None, /, *, data: Data = DATA) -> None:
    """Take one fault away, or all of them.

    Args:
        number: The one that `fault add` printed.
        data: Data folder of the running stand-in.
    """
    _ask(data, "DELETE", "/faults" if number is None else f"/faults/{number}")


@app.command
def token(
    *,
    user: str = "admin",
    scope: str = "applied-permissions/user",
    audience: Annotated[list[str] | None, Parameter(negative="")] = None,
    expires_in_s: int | None = None,
    reference: bool = False,
    data: Data = DATA,
) -> None:
    """Make any token, and print it.

    Example: jfrog-standin token --user reader --audience "jfrt@*"

    Args:
        user: A user of the stand-in.
        scope: As in JFrog's documentation.
        audience: Services that take it; may be given more than once; default "*@*".
        expires_in_s: Seconds until it expires; a negative number makes one that has.
        reference: Print the opaque reference token instead of the JWT.
        data: Data folder of the running stand-in.
    """
    order = {"username": user, "scope": scope, "audience": audience or ["*@*"], "reference": reference}
    issued = _ask(data, "POST", "/tokens", order | {"expires_in_s": expires_in_s})
    sys.stdout.write(issued["reference_token" if reference else "access_token"] + "\n")


@app.command
def package(
    package_type: Literal["npm", "pypi", "go"],
    name: str,
    version: str,
    /,
    *,
    repo: str = "",
    data: Data = DATA,
) -> None:
    """Build a harmless package with a name and version, and put it into a local repository.

    Example: jfrog-standin package npm left-pad-evil 1.0.0

    Args:
        package_type: npm, pypi or go.
        name: Any name that the package manager takes.
        version: Its version; a Go module's begins with v.
        repo: A local repository; npm-local, pypi-local or go-local if none is named.
        data: Data folder of the running stand-in.
    """
    order = {"package_type": package_type, "name": name, "version": version, "repo": repo}
    _print(_ask(data, "POST", "/packages", order))


@app.command
def switch(*settings: str, data: Data = DATA) -> None:
    """Show the switches, or change some.

    Example: jfrog-standin switch mode=silent indexing_delay_ms=2000 anonymous=true

    Args:
        settings: name=value, the value as JSON or as plain text.
        data: Data folder of the running stand-in.
    """
    changes = dict(_setting(text) for text in settings)
    _print(_ask(data, "PATCH", "/switches", changes) if changes else _ask(data, "GET", "/switches"))


@app.command(name="day")
def live_on(number: int | None = None, /, *, data: Data = DATA) -> None:
    """Let a seeded platform live on for a day, or until a day.

    Example: jfrog-standin day

    Args:
        number: The day; none: the next one.
        data: Data folder of the running stand-in.
    """
    _print(_ask(data, "POST", "/day", {"day": number}))


@app.command
def log(
    what: Literal["requests", "counts", "clear"] = "requests",
    /,
    *,
    method: str = "",
    path: str = "",
    subject: str = "",
    data: Data = DATA,
) -> None:
    """Show what was asked, one JSON object a request; or the counts by route; or forget it all.

    Args:
        what: requests, counts or clear.
        method: Only requests with this method.
        path: Only requests whose path starts so.
        subject: Only requests of this user.
        data: Data folder of the running stand-in.
    """
    match what:
        case "clear":
            _ask(data, "DELETE", "/log")
        case "counts":
            _print(_ask(data, "GET", "/counts"))
        case "requests":
            chosen = {"method": method, "path": path, "subject": subject}
            for entry in _ask(data, "GET", "/log", query=chosen):
                _print(entry)


async def _serve(settings: StandIn, data: Path, *, as_json: bool) -> None:
    from jfrog_standin import address as addresses
    from jfrog_standin.server import running

    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with running(settings) as standin:
        address = addresses.Address(
            url=standin.url,
            ca=str(standin.ca_path.resolve()) if standin.ca_path else None,
            admin_user="admin",
            admin_password=settings.admin_password,
            admin_token=standin.admin_token,
            control_token=standin.control_token,
            pid=os.getpid(),
        )
        addresses.write(address, data)
        try:
            _tell(address, as_json=as_json)
            await stop.wait()
        finally:
            addresses.forget(address, data)


def _tell(address: Any, *, as_json: bool) -> None:
    if as_json:
        _print(address)
        return
    for name, value in msgspec.structs.asdict(address).items():
        sys.stdout.write(f"{name.replace('_', ' '):<15} {value}\n")
    sys.stdout.write("Ctrl-C ends it.\n")
    sys.stdout.flush()


def _ask(data: Path, method: str, path: str, body: Any = None, *, query: dict[str, str] | None = None) -> Any:
    """Ask the control API of the stand-in that runs with a data folder."""
    from jfrog_standin import address as addresses
    from jfrog_standin.steering import Refusal, ask

    try:
        return asyncio.run(ask(addresses.read(data), method, path, body, query=query))
    except FileNotFoundError:
        _fail(f"No stand-in runs with the data folder {data}: start one with `jfrog-standin serve`.")
    except (Refusal, OSError, msgspec.MsgspecError) as error:
        _fail(f"Could not steer the stand-in: {error}")


def _setting(text: str) -> tuple[str, Any]:
    name, separator, value = text.partition("=")
    if not separator:
        _fail(f"{text!r} is not of the form name=value.")
    with suppress(msgspec.DecodeError):
        return name, msgspec.json.decode(value)
    return name, value


def _print(value: Any) -> None:
    sys.stdout.write(msgspec.json.encode(value).decode() + "\n")
    sys.stdout.flush()


def _fail(text: str) -> NoReturn:
    sys.stderr.write(text + "\n")
    raise SystemExit(1)
