"""The peer of `push`: a client that makes one request after the other, on the library that Reedbed uses.

    python -m bench.sequential URL CA_FILE ISSUES CALLS careful|heedless < TOKEN

Makes ISSUES custom issues, each with CALLS requests: 3 to read, write and read back as Reedbed does, or 1 to
write and believe it. `careful` ends with the first answer that it did not hope for; `heedless` goes on to the
next issue whatever came, as SafeDep's daemon does. Prints the seconds that it took an issue.
"""

import asyncio
import ssl
import sys
import time

import aiohttp


def body(number: int, prefix: str) -> dict[str, object]:
    name = f"{prefix}-{number}"
    return {
        "id": name,
        "type": "Security",
        "provider": "Bench",
        "package_type": "npm",
        "severity": "Critical",
        "summary": f"Malicious code in {name} (npm)",
        "description": f"{name} is blocked as malicious.",
        "components": [{"id": name, "vulnerable_versions": ["[1.0.0]"]}],
        "issue_kind": 1,
        "sources": [{"source_id": name}],
    }


class Unexpected(Exception):
    """An answer that the client had not hoped for."""


async def push(url: str, ca_file: str, issues: int, calls: int, token: str, *, heedless: bool) -> float:
    trust = ssl.create_default_context(cafile=ca_file)
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(ssl=trust), headers={"Authorization": f"Bearer {token}"}
    ) as session:
        began = time.perf_counter()
        for number in range(issues):
            try:
                await _one(session, url, body(number, f"sequential-{calls}"), calls)
            except Unexpected as error:
                if not heedless:
                    raise SystemExit(str(error)) from error
        return (time.perf_counter() - began) / issues


async def _one(session: aiohttp.ClientSession, url: str, issue: dict[str, object], calls: int) -> None:
    read = f"{url}/xray/api/v2/events/{issue['id']}"
    if calls == 3:
        await _expect(session.get(read), 404)
    await _expect(session.post(f"{url}/xray/api/v1/events", json=issue), 201)
    if calls == 3:
        await _expect(session.get(read), 200)


async def _expect(answering: "aiohttp.client._RequestContextManager", status: int) -> None:
    async with answering as response:
        await response.read()
        if response.status != status:
            raise Unexpected(f"{response.method} {response.url.path} was answered {response.status}")


if __name__ == "__main__":
    url, ca_file, issues, calls, way = sys.argv[1:]
    token = sys.stdin.read().strip()
    print(asyncio.run(push(url, ca_file, int(issues), int(calls), token, heedless=way == "heedless")))
