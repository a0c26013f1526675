"""Asks the members behind a repository one after the other; one that is out of order hides no other.

An answer of a member with priority does: those without are then not asked.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import aclosing
from typing import TypeVar

from jfrog_standin import errors
from jfrog_standin.artifactory.repository import Repository

T = TypeVar("T")
Ask = Callable[[Repository], Awaitable[T | None]]


async def ask_each(members: Iterable[Repository], ask: Ask[T]) -> list[T]:
    """What the members answer, without None.

    Raises:
        errors.Refused: nobody has an answer, and an upstream failed or Curation refused.
    """
    async with aclosing(_answers(members, ask)) as answers:
        return [answer async for answer in answers]


async def ask_first(members: Iterable[Repository], ask: Ask[T]) -> T | None:
    """The first answer; the members after it are not asked.

    Raises:
        errors.Refused: nobody has an answer, and an upstream failed or Curation refused.
    """
    async with aclosing(_answers(members, ask)) as answers:
        return await anext(answers, None)


async def _answers(members: Iterable[Repository], ask: Ask[T]) -> AsyncGenerator[T, None]:
    failed: errors.Refused | None = None
    answered = settled = False
    for member in members:
        if settled and not member.has_priority:
            break
        try:
            answer = await ask(member)
        except errors.Refused as error:
            if error.status != 502 and not isinstance(error, errors.OfOneMember):
                raise
            failed = error
            continue
        if answer is not None:
            answered, settled = True, settled or member.has_priority
            yield answer
    if failed is not None and not answered:
        raise failed
