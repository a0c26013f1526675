"""The two steps before HTTP, taken one by one so that a test can tell them apart: the way, and TLS."""

import asyncio
import ssl
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import SplitResult, urlsplit

import msgspec

from reedbed.jfrog.causes import Cause, Failure
from reedbed.jfrog.session import LONGEST_CONNECT_S, verification
from reedbed.jfrog.silence import no_connection, refused_certificate
from reedbed.model.platform import Platform


class Reached(msgspec.Struct, frozen=True, kw_only=True):
    """A TCP connection could be made, to the platform or to the proxy before it."""

    address: str
    took_s: float
    proxy: bool


class Shaken(msgspec.Struct, frozen=True, kw_only=True):
    """TLS could be spoken, and the certificate holds."""

    version: str  # "TLSv1.3"
    issuer: str
    expires_at: datetime | None


async def reach(platform: Platform) -> Reached | Failure:
    """Look the name up and connect, to the proxy where there is one."""
    parts = urlsplit(platform.proxy or platform.url)
    began = time.perf_counter()
    try:
        async with asyncio.timeout(min(LONGEST_CONNECT_S, platform.timeout_s)):
            _, writer = await asyncio.open_connection(parts.hostname, _port(parts))
    except OSError as error:  # a name that is not known and a timeout are such too
        return _failure(error, platform, parts)
    address = str(writer.get_extra_info("peername")[0])
    writer.close()
    return Reached(address=address, took_s=time.perf_counter() - began, proxy=platform.proxy is not None)


async def shake_hands(platform: Platform) -> Shaken | Failure:
    """Speak TLS with a platform that is reached without a proxy.

    Raises:
        SettingsError: the CA file can't be read, or the URL is plain http to another machine.
    """
    parts = urlsplit(platform.url)
    context = await asyncio.to_thread(verification, platform)
    try:
        async with asyncio.timeout(min(LONGEST_CONNECT_S, platform.timeout_s)):
            _, writer = await asyncio.open_connection(parts.hostname, _port(parts), ssl=context)
    except ssl.SSLCertVerificationError as error:
        return refused_certificate(error, parts.netloc)
    except ssl.SSLError as error:
        return Failure(
            cause=Cause.TLS, seen=f"{parts.netloc} does not speak TLS as it should: {error.reason or error}"
        )
    except OSError as error:
        return _failure(error, platform, parts)
    shown: ssl.SSLObject = writer.get_extra_info("ssl_object")
    certificate = shown.getpeercert() or {}
    writer.close()
    return Shaken(version=shown.version() or "TLS", issuer=_issuer(certificate), expires_at=_end(certificate))


def _failure(error: OSError, platform: Platform, parts: SplitResult) -> Failure:
    host = f"{parts.hostname}:{_port(parts)}"
    if isinstance(error, TimeoutError):
        return Failure(cause=Cause.TIMEOUT, seen=f"{host} did not answer within {platform.timeout_s:g} s")
    failure = no_connection(error, host)
    if platform.proxy is None:
        return failure
    return Failure(cause=Cause.PROXY, seen=f"the proxy can't be reached: {failure.seen}")


def _port(parts: SplitResult) -> int:
    return parts.port or {"https": 443, "http": 80}[parts.scheme]


def _issuer(certificate: Mapping[str, object]) -> str:
    """Name who signed it: the organisation, else the common name."""
    names = certificate.get("issuer")
    if not isinstance(names, tuple):
        return "an authority without a name"
    told = {key: value for part in names for key, value in part}
    return str(told.get("organizationName") or told.get("commonName") or "an authority without a name")


def _end(certificate: Mapping[str, object]) -> datetime | None:
    text = certificate.get("notAfter")
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(text), UTC) if isinstance(text, str) else None
