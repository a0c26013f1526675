"""Where a JFrog Platform is: every form of its address that people paste becomes one."""

import re
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from reedbed.errors import SettingsError
from reedbed.model.text import hidden

KNOWN_PREFIXES = frozenset(
    ("artifactory", "xray", "access", "ui", "webapp", "router", "event", "onemodel", "distribution", "api")
)
"""The first path segments of JFrog's services and pages. What stands before one is kept: a context path."""

LONGEST_URL = 2_000
_HOST = re.compile(r"[a-z0-9_]([a-z0-9._-]*[a-z0-9_])?")
_SEGMENT = re.compile(r"[A-Za-z0-9._~%!$&()*+,;=:@-]+")
_EXAMPLE = "Give it as https://company.jfrog.io, or as https://host/prefix behind a reverse proxy."


def platform_url(text: str, *, plain_http_to_loopback: bool = False) -> str:
    """Give the platform's own URL: `https://host[:port][/prefix]`, without a trailing slash.

    Takes a bare host, the address of any page or endpoint of the platform, doubled slashes, query and
    fragment. Reading the result again changes nothing.

    Raises:
        SettingsError: it is no such address, names a user or password, or is plain http (which is let
            through only to this machine itself, with `plain_http_to_loopback`). The message never
            repeats the text, which may hold a secret.
    """
    parts = _split(text.strip())
    host = _host(parts)
    if parts.scheme == "http":
        _allow_http(host, flag=plain_http_to_loopback)
    elif parts.scheme != "https":
        raise _unusable("it begins with neither https:// nor a host name")
    return f"{parts.scheme}://{host}{_port(parts)}{_context_path(parts.path)}"


def is_loopback(host: str) -> bool:
    """Whether a host name can only mean this machine."""
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _split(text: str) -> SplitResult:
    if not text:
        raise _unusable("it is empty")
    if len(text) > LONGEST_URL:
        raise _unusable(f"it is longer than {LONGEST_URL} characters")
    if hidden(text) or any(character.isspace() or character in "\\<>\"'`{}|^" for character in text):
        raise _unusable("it holds white space, or a character that no address has")
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
    except ValueError as error:
        raise _unusable("its host is not readable") from error
    if "@" in parts.netloc:
        raise _unusable("it holds a user name or a password, which have no place in an address")
    return parts


def _host(parts: SplitResult) -> str:
    try:
        host = (parts.hostname or "").rstrip(".").encode("idna").decode() if ":" not in parts.netloc else ""
        host = host or (parts.hostname or "").rstrip(".")
    except UnicodeError as error:
        raise _unusable("its host name is not valid") from error
    if ":" in host:
        return f"[{host}]"  # urlsplit lets nothing but an IP address stand in brackets
    if not _HOST.fullmatch(host):
        raise _unusable("it names no host")
    return host


def _port(parts: SplitResult) -> str:
    try:
        port = parts.port
    except ValueError as error:
        raise _unusable("its port is no number from 1 to 65535") from error
    if port == 0:
        raise _unusable("its port is no number from 1 to 65535")
    default = {"https": 443, "http": 80}[parts.scheme]
    return "" if port in {None, default} else f":{port}"


def _context_path(path: str) -> str:
    segments = [segment for segment in path.split("/") if segment]
    if not all(_SEGMENT.fullmatch(segment) for segment in segments):
        raise _unusable("its path holds a character that no address has")
    if any(set(segment) == {"."} for segment in segments):
        raise _unusable("its path has a segment of dots alone")
    kept: list[str] = []
    for segment in segments:
        if segment.lower() in KNOWN_PREFIXES:
            break
        kept.append(segment)
    return "".join(f"/{segment}" for segment in kept)


def _allow_http(host: str, *, flag: bool) -> None:
    if not is_loopback(host):
        raise _unusable("plain http would show the access token to everybody on the way", "Use https://.")
    if not flag:
        fix = "Use https://, or say explicitly that plain http to this machine is meant."
        raise _unusable("it is plain http", fix)


def _unusable(why: str, fix: str = _EXAMPLE) -> SettingsError:
    return SettingsError("The platform's URL can't be used", why=why, fix=fix)
