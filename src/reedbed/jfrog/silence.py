"""Why no answer came: what the network, TLS or a proxy did, told apart by the exception that it became."""

import errno
import socket
import ssl

import aiohttp

from reedbed.jfrog.causes import Cause, Failure

# OpenSSL's X509_V_ERR_… numbers (x509_vfy.h), as `verify_code` gives them.
_EXPIRED = frozenset((9, 10))  # not yet valid, has expired
_UNKNOWN = frozenset((2, 18, 19, 20, 21))  # issuer missing, self-signed, chain can't be verified
_WRONG_NAME = frozenset((62, 64))  # host name, IP address


def silence(error: Exception, *, host: str, timeout_s: float) -> Failure:  # noqa: PLR0911 - one a cause
    """Turn what aiohttp raised into a cause; the text names the host and nothing else of the request.

    The exception is not kept: some of aiohttp's hold the request's headers, the token among them.
    """
    match error:
        case aiohttp.ClientConnectorCertificateError():
            return refused_certificate(error.certificate_error, host)
        case aiohttp.ClientConnectorSSLError() | ssl.SSLError():
            return Failure(cause=Cause.TLS, seen=f"{host} does not speak TLS as it should: {_reason(error)}")
        case aiohttp.ClientProxyConnectionError():
            return Failure(cause=Cause.PROXY, seen="the proxy does not answer")
        case aiohttp.ClientHttpProxyError():
            return Failure(cause=Cause.PROXY, seen=f"the proxy answered {error.status}", status=error.status)
        case aiohttp.ClientConnectorDNSError():
            return Failure(cause=Cause.NAME_NOT_FOUND, seen=f"no such host: {host}")
        case aiohttp.ClientConnectorError():
            return no_connection(error.os_error, host)
        case TimeoutError():  # aiohttp's timeouts are TimeoutErrors
            return Failure(cause=Cause.TIMEOUT, seen=f"{host} did not answer within {timeout_s:g} s")
        case aiohttp.ClientPayloadError() | aiohttp.ContentTypeError():
            return Failure(cause=Cause.DROPPED, seen=f"the answer of {host} ended too early")
        case _:
            return Failure(
                cause=Cause.DROPPED, seen=f"the connection to {host} broke ({type(error).__name__})"
            )


def refused_certificate(error: Exception, host: str) -> Failure:
    code = error.verify_code if isinstance(error, ssl.SSLCertVerificationError) else 0
    reason = error.verify_message if isinstance(error, ssl.SSLCertVerificationError) else _reason(error)
    cause = (
        Cause.TLS_EXPIRED
        if code in _EXPIRED
        else Cause.TLS_UNKNOWN_CA
        if code in _UNKNOWN
        else Cause.TLS_WRONG_NAME
        if code in _WRONG_NAME
        else Cause.TLS
    )
    return Failure(cause=cause, seen=f"the certificate of {host} is not accepted: {reason}")


def no_connection(error: OSError, host: str) -> Failure:
    if isinstance(error, socket.gaierror):
        return Failure(cause=Cause.NAME_NOT_FOUND, seen=f"no such host: {host}")
    if isinstance(error, ConnectionRefusedError):
        return Failure(cause=Cause.CONNECTION_REFUSED, seen=f"nothing listens at {host}")
    if error.errno in {errno.ENETUNREACH, errno.EHOSTUNREACH}:
        return Failure(cause=Cause.NO_ROUTE, seen=f"no way leads to {host}")
    if error.errno == errno.ETIMEDOUT:
        return Failure(cause=Cause.TIMEOUT, seen=f"{host} did not answer")
    return Failure(cause=Cause.DROPPED, seen=f"the connection to {host} broke ({_reason(error)})")


def _reason(error: Exception) -> str:
    return getattr(error, "reason", None) or getattr(error, "strerror", None) or type(error).__name__
