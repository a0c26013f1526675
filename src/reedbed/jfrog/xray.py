"""Xray's custom issues: written, read back, and taken away again, each with proof.

Writes are v1, reads are v2, and there is no list (docs.jfrog.com/security/reference, create-issue-event,
update-issue-event, delete-issue-event, get-issue-events-v2). So ids are made by a pure function, and the
ledger remembers which were used.
"""

from typing import Literal

import msgspec

from reedbed.errors import ReedbedError, Refused, Unreachable, Unreadable
from reedbed.jfrog.causes import Cause, Failure
from reedbed.jfrog.custom_issue import CustomIssue
from reedbed.jfrog.exchange import JSON, Call, json_body
from reedbed.jfrog.proof import outdated, same
from reedbed.jfrog.session import JFrog
from reedbed.jfrog.wire import IssueEcho
from reedbed.model.text import one_line

WRITE = "the Xray permission “Manage Xray Metadata” on at least one repository"
READ = "permission to read from Xray"

Outcome = Literal["created", "updated", "unchanged"]


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """Xray was read after the write, and shows the issue as it was sent."""

    issue_id: str
    outcome: Outcome
    malicious: bool | None  # Xray's own flag; None: it shows none
    requests: int  # made for this, repeated attempts not counted
    status: int | None = None  # what Xray answered to the write; None: nothing was written, or no answer came


class Xray:
    """The custom issues of one platform's Xray."""

    def __init__(self, jfrog: JFrog) -> None:
        self._jfrog = jfrog

    async def put(self, issue: CustomIssue) -> Proof:
        """Make Xray hold an issue exactly so, whatever it holds now, and prove it: read, write, read back.

        One request where nothing has to change, else three.

        Raises:
            Unreachable: no answer; the issue may or may not be there, and trying again is harmless.
            Refused: the token's user lacks “Manage Xray Metadata”, or Xray does not take or keep the issue.
            Unreadable: Xray keeps something else than was sent; the message has the differences.
        """
        before = await self.issue(issue.id)
        if before is not None and not outdated(issue, before):
            return _proof(issue, before, "unchanged", requests=1)
        if before is None:
            requests, status = await self._create(issue)
            echo = await self._read_back(issue)
            return _proof(issue, echo, "created", requests=2 + requests, status=status)
        status = await self.replace_issue(issue)
        return _proof(issue, await self._read_back(issue), "updated", requests=3, status=status)

    async def remove(self, issue_id: str) -> bool:
        """Take an issue away, and prove that it is gone. False: there was none.

        Raises:
            Unreachable: no answer; trying again is harmless.
            Refused: the token's user lacks “Manage Xray Metadata”.
            Unreadable: Xray says that it is deleted, and still shows it.
        """
        found = await self.delete_issue(issue_id)
        if await self.issue(issue_id) is not None:
            raise Unreadable(
                f"Could not prove that custom issue {issue_id} is gone",
                why="Xray said that it is deleted, and still shows it",
                fix="It is tried again. If it lasts, delete the issue by hand, and look at Xray's logs.",
            )
        return found

    async def issue(self, issue_id: str) -> IssueEcho | None:
        """Read what Xray holds under an id; None: nothing. One request."""
        call = Call(
            method="GET",
            route="/xray/api/v2/events/{id}",
            at={"id": issue_id},
            doing=f"read custom issue {issue_id}",
            needs=READ,
        )
        found = await self._jfrog.try_fetch(call, IssueEcho)
        if not isinstance(found, Failure):
            return found
        if found.cause is Cause.NOT_FOUND and found.from_service:
            return None  # in Xray's own words; any other 404 is a wrong URL, or no Xray at all
        raise found.error(call.doing, needs=call.needs)

    async def create_issue(self, issue: CustomIssue) -> int:
        """POST an issue once; give the status.

        201 does not prove that Xray keeps it, and an id that is taken is a 400.
        """
        answer = await self._jfrog.tell(
            Call(
                method="POST",
                route="/xray/api/v1/events",
                doing=f"create custom issue {issue.id}",
                needs=WRITE,
                send=json_body(issue),
                headers=JSON,
                repeatable=False,
            )
        )
        return answer.status

    async def replace_issue(self, issue: CustomIssue) -> int:
        """PUT an issue in place of the one with its id; give the status."""
        answer = await self._jfrog.tell(
            Call(
                method="PUT",
                route="/xray/api/v1/events/{id}",
                at={"id": issue.id},
                doing=f"update custom issue {issue.id}",
                needs=WRITE,
                send=json_body(issue),
                headers=JSON,
            )
        )
        return answer.status

    async def delete_issue(self, issue_id: str) -> bool:
        """DELETE an issue; False: there was none, which is as good."""
        try:
            await self._jfrog.tell(
                Call(
                    method="DELETE",
                    route="/xray/api/v1/events/{id}",
                    at={"id": issue_id},
                    doing=f"delete custom issue {issue_id}",
                    needs=WRITE,
                )
            )
        except Refused as refused:
            if refused.status == 404:
                return False
            raise
        return True

    async def _create(self, issue: CustomIssue) -> tuple[int, int | None]:
        """POST until Xray has an issue of that id; give the number of requests, and the status if one came.

        Never blindly twice: after a doubtful answer Xray is read first, since the POST may have done its
        work. That also tells the two meanings of 400 apart: somebody else was faster, or it is invalid.
        """
        requests, status = 0, None
        async for attempt in self._jfrog.attempts(self._again):
            with attempt:
                requests += 1
                try:
                    status = await self.create_issue(issue)
                except (Unreachable, Unreadable, Refused) as error:
                    requests += 1
                    status = await self._settle(issue, error)
        return requests, status

    async def _settle(self, issue: CustomIssue, error: ReedbedError) -> int | None:
        if isinstance(error, Refused) and error.status in {401, 403}:
            raise error
        echo = await self.issue(issue.id)
        if echo is None:
            raise error
        return await self.replace_issue(issue) if outdated(issue, echo) else None

    def _again(self, error: Exception) -> bool | float:
        if not isinstance(error, Unreachable) or self._jfrog.breaker.is_open:
            return False
        return True if error.retry_after_s is None else error.retry_after_s

    async def _read_back(self, issue: CustomIssue) -> IssueEcho:
        echo = await self.issue(issue.id)
        if echo is None:
            raise Refused(
                f"Could not make Xray keep custom issue {issue.id}",
                why="Xray said that it is written, and shows no such issue: it dropped it in silence",
                fix="It is tried again. If it lasts: Xray drops issues by their id, provider, kind, "
                "component names or version notation; docs/reference/jfrog.md has the settings for these.",
            )
        if differences := same(issue, echo):
            raise Unreadable(
                f"Could not prove custom issue {issue.id}",
                why="Xray shows it otherwise than it was sent: "
                + one_line("; ".join(differences), limit=600),
                fix="Look whether somebody else writes this issue; else report this with Xray's version.",
            )
        return echo


def _proof(
    issue: CustomIssue, echo: IssueEcho, outcome: Outcome, *, requests: int, status: int | None = None
) -> Proof:
    return Proof(
        issue_id=issue.id,
        outcome=outcome,
        malicious=echo.malicious_package,
        requests=requests,
        status=status,
    )
