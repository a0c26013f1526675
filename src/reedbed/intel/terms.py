"""What a plan depends on beside the statements; when it changes, everything is planned anew."""

import hashlib

import msgspec

from reedbed.intel.merge import Admission
from reedbed.intel.plan import Limits
from reedbed.intel.relevance import EVERYTHING, Relevance
from reedbed.jfrog.custom_issue import IssueStyle, custom_issue
from reedbed.jfrog.proof import fingerprint
from reedbed.model.ledger import Flagged


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """Which statements may block, what may be done unasked, and how issues are written."""

    admission: Admission = Admission()
    limits: Limits = Limits()
    style: IssueStyle = IssueStyle()
    relevance: Relevance = EVERYTHING

    @property
    def digest(self) -> str:
        """Name these terms; left out is what does not change what is planned of a statement known before.

        Limits decide who is asked. That all of a feed matters holds from the first statement of it on.
        """
        planned = (
            sorted(self.admission.suspicious),
            sorted(self.admission.automated),
            self.style,
            self.relevance.window_days,
        )
        return hashlib.sha256(msgspec.json.encode(planned)).hexdigest()

    def fingerprint(self, flagged: Flagged) -> str:
        """Name the custom issue that a flagged package becomes."""
        return fingerprint(custom_issue(flagged, self.style))
