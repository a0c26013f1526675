"""`reedbed secrets …`: the key that encrypts credentials."""

from reedbed.cli import show
from reedbed.cli.exit import Exit
from reedbed.cli.options import Common


async def rotate(*, common: Common | None = None) -> int:
    """Encrypt every credential with a new key, and forget the old one."""
    from reedbed.wiring.parts import opened, rotate_key

    async with opened((common or Common()).load()) as parts:
        rotated = await rotate_key(parts)
    show.line(f"Encrypted anew with the key {rotated.key}: {show.many(rotated.resealed, 'credential')}.")
    if rotated.resealed and not rotated.old_dropped:
        show.err.print(f"The old key may go from {rotated.source}.")
    elif not rotated.old_dropped:
        show.err.print(f"To rotate, put a new key before the old one in {rotated.source} first.")
    return Exit.DONE
