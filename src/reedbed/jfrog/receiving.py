"""Reading the body of an answer, as far as allowed."""

import aiohttp

CHUNK = 64 * 1024


async def bounded(response: aiohttp.ClientResponse, max_bytes: int) -> bytes | None:
    """Read a body as far as allowed; None: there is more.

    aiohttp unpacks in small pieces, so a bomb stops early.
    """
    body = bytearray()
    async for chunk in response.content.iter_chunked(CHUNK):
        body += chunk
        if len(body) > max_bytes:
            response.close()
            return None
    return bytes(body)
