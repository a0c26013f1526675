"""What people say of findings, apart from what runs know: seen again, a finding keeps its triage. Acts."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Connection

from reedbed.errors import SettingsError
from reedbed.model.inventory import Triage
from reedbed.store import audit
from reedbed.store.inventory import triage as store
from reedbed.store.inventory.triage import Found, Verdict

JUSTIFICATIONS = (
    "component_not_present",
    "vulnerable_code_not_present",
    "vulnerable_code_not_in_execute_path",
    "vulnerable_code_cannot_be_controlled_by_adversary",
    "inline_mitigations_already_exist",
)
"""Why something is not affected, in the words of OpenVEX 0.2.0."""

LONGEST_NOTE = 4_000


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody says of findings."""

    state: Triage
    by: str
    note: str = ""
    justification: str | None = None  # of `not-affected`
    until: datetime | None = None  # then they are open again

    def check(self, now: datetime) -> None:
        """Make sure that it can be said.

        Raises:
            SettingsError: something is missing, too much, or over already.
        """
        if fault := _fault(self, now):
            raise SettingsError("Could not triage", why=fault[0], fix=fault[1])


def _fault(said: Judgement, now: datetime) -> tuple[str, str] | None:
    """Say what is wrong, and what to do; None: nothing."""
    words = ", ".join(JUSTIFICATIONS)
    justified = said.state is Triage.NOT_AFFECTED
    rules = (
        (
            said.state is Triage.SUPPRESSED,
            "only ignore rules of Xray suppress findings",
            "Make an ignore rule in Xray, or say `risk-accepted`.",
        ),
        (
            justified and said.justification not in JUSTIFICATIONS,
            "`not-affected` needs a justification in the words of VEX",
            f"Give one of {words}.",
        ),
        (
            not justified and said.justification is not None,
            "a justification is said of `not-affected` alone",
            "Leave it out, or say `not-affected`.",
        ),
        (
            said.state is Triage.RISK_ACCEPTED and said.until is None,
            "a risk is accepted for a time",
            "Say for how long.",
        ),
        (said.until is not None and said.until <= now, "that moment is past", "Give a later one."),
        (
            len(said.note) > LONGEST_NOTE,
            f"the note is longer than {LONGEST_NOTE} characters",
            "Put it where it can be linked to.",
        ),
    )
    return next(((why, fix) for wrong, why, fix in rules if wrong), None)


def judge(connection: Connection, findings: Sequence[Found], said: Judgement, *, now: datetime) -> int:
    """Say something of findings, with its place in their histories and in the audit log; give how many.

    Raises:
        SettingsError: as `Judgement.check`.
    """
    said.check(now)
    verdicts = [
        Verdict(
            finding=each.id,
            state=said.state,
            justification=said.justification,
            note=said.note,
            author=said.by,
            origin="user",
            at=now,
            until=said.until,
        )
        for each in findings
    ]
    store.say(connection, verdicts)
    store.tell(connection, {each.id: _told(each.triage, said) for each in findings}, kind="triaged", at=now)
    for each in findings:
        audit.append(
            connection,
            at=now,
            who=said.by,
            action="finding triage",
            subject=each.id,
            detail=_told(each.triage, said),
        )
    return len(verdicts)


def _told(before: Triage, said: Judgement) -> dict[str, str]:
    more = {"justification": said.justification, "until": said.until and said.until.isoformat()}
    return {
        "from": before,
        "to": said.state,
        "by": said.by,
        "note": said.note,
        **{name: value for name, value in more.items() if value},
    }


def expire(connection: Connection, *, now: datetime) -> int:
    """Open the findings of which something was said for a time that is over; give how many."""
    over = store.expired(connection, now=now)
    opened = [msgspec.structs.replace(each, state=Triage.OPEN) for each in over]
    store.say(connection, opened)
    events = {each.finding: {"from": each.state, "to": Triage.OPEN, "by": each.author} for each in over}
    store.tell(connection, events, kind="triage-expired", at=now)
    return len(over)
