"""What a newcomer sees first works, with this machine's npm, pip and go, and with made-up records."""

import asyncio
import sys


async def test_every_claim_of_the_demonstration_holds() -> None:
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "reedbed", "demo", "--once", stdout=asyncio.subprocess.PIPE
    )
    try:
        output, _ = await asyncio.wait_for(child.communicate(), timeout=600)
    except TimeoutError:
        child.terminate()
        await child.wait()
        raise

    said = output.decode()
    assert child.returncode == 0, said
    assert "49 of 49 claims held" in said
    assert "✗" not in said
