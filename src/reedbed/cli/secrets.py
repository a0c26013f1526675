"""`reedbed secrets …`: the key that encrypts credentials."""

from reedbed.cli import show
from reedbed.cli.exit import Exit
from reedbed.cli.options import Common


async def rotate(*, common: Common | None = None) -> int:
    """Encrypt every credential with a new key, and forget the old one."""
    from reedbed.wiring import opened, rotate_key

    async with opened((common or Common()).load()) as parts:
        rotated = await rotate_key(parts)
    show.line(f"{rotated.resealed} credentials are encrypted with the key {rotated.key} now.")
    if not rotated.old_dropped:
        show.line(f"The old key may go from {rotated.source}.")
    return Exit.DONE
