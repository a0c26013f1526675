"""Talks to the control API of a stand-in that runs in another process."""

import ssl
from typing import Any

import aiohttp
import msgspec

from jfrog_standin.address import Address
from jfrog_standin.control import CONTROL

ANSWER_WITHIN_S = 10.0


class Refusal(Exception):
    """The stand-in said no, and why."""


async def ask(
    address: Address, method: str, path: str, body: Any = None, *, query: dict[str, str] | None = None
) -> Any:
    """Make one request below /standin/api, and give its answer's JSON, or None if it has no body.

    Raises:
        Refusal: the stand-in did not do it.
        OSError: nobody answers there.
    """
    trust = ssl.create_default_context(cafile=address.ca) if address.ca else True
    headers = {"Authorization": f"Bearer {address.control_token}"}
    data = None if body is None else msgspec.json.encode(body)
    timeout = aiohttp.ClientTimeout(total=ANSWER_WITHIN_S)
    async with (
        aiohttp.ClientSession(timeout=timeout) as session,
        session.request(
            method, address.url + CONTROL + path, data=data, params=query, headers=headers, ssl=trust
        ) as response,
    ):
        answer = await response.read()
        if response.status >= 400:
            raise Refusal(msgspec.json.decode(answer).get("error", str(response.status)))
        return msgspec.json.decode(answer) if answer else None
