"""The words of the inventory: what a platform holds, how far it was looked at, what became of a finding."""

from enum import IntEnum, StrEnum


class Stream(StrEnum):
    """What a connection reads: each has its own state, counts, watermark, completeness and error."""

    REPOSITORIES = "repositories"
    IMAGES = "docker-images"
    VULNERABILITIES = "vulnerabilities"
    COMPONENTS = "components"
    TAGS = "tags"
    LICENCES = "licences"
    OPERATIONAL_RISK = "operational-risk"
    VIOLATIONS = "violations"
    PACKAGES = "package-findings"
    IGNORE_RULES = "ignore-rules"


class AssetClass(StrEnum):
    """The seed's words for what an asset is."""

    IMAGE = "container-image"
    REPOSITORY = "binary-repository"
    PACKAGE = "package"


class Lifecycle(StrEnum):
    """Whether an asset is there."""

    PRESENT = "present"
    UNAVAILABLE = "unavailable"  # it was there, and we may not, or could not, see it now
    OUT_OF_SCOPE = "out-of-scope"  # the connection's filters leave it out
    RETIRED = "retired"  # a complete list does not have it any more


class Coverage(StrEnum):
    """What a look for findings on one asset came to. Only `scanned` proves anything by its silence."""

    SCANNED = "scanned"
    PARTIAL = "partial"
    PENDING = "pending"
    NOT_INDEXED = "not-indexed"  # the repository is not in Xray
    NOT_SCANNED = "not-scanned"
    UNSUPPORTED = "unsupported"
    EXPIRED = "expired"  # Xray dropped its data after the retention time
    UNAVAILABLE = "unavailable"  # an error, a timeout, a refusal
    NOT_REQUESTED = "not-requested"  # the filters leave it out
    UNKNOWN = "unknown"

    @property
    def conclusive(self) -> bool:
        return self is Coverage.SCANNED


class FindingType(StrEnum):
    VULNERABILITY = "vulnerability"
    LICENCE = "licence"
    OPERATIONAL_RISK = "operational-risk"
    VIOLATION = "violation"


class Status(StrEnum):
    """What the machine knows of a finding; people's judgement is `Triage`."""

    NEW = "new"
    ACTIVE = "active"
    REOPENED = "reopened"
    FIXED = "fixed"  # every current image of its scope was conclusively scanned without it
    RETIRED = "retired"  # no image of its scope is left; not a fix

    @property
    def open(self) -> bool:
        return self in (Status.NEW, Status.ACTIVE, Status.REOPENED)


class Triage(StrEnum):
    """What people, VEX statements or ignore rules say of a finding."""

    OPEN = "open"
    IN_REVIEW = "in-review"
    AFFECTED = "affected"
    NOT_AFFECTED = "not-affected"
    FALSE_POSITIVE = "false-positive"
    RISK_ACCEPTED = "risk-accepted"
    SUPPRESSED = "suppressed-by-source-rule"


class Severity(IntEnum):
    """Ordered, so that `>=` means something; what is not known is never taken for low."""

    UNKNOWN = 0
    INFORMATION = 1
    LOW = 2
    MEDIUM = 3
    HIGH = 4
    CRITICAL = 5

    @property
    def word(self) -> str:
        return self.name.capitalize()


class Applicability(StrEnum):
    """Whether the vulnerable code is reached: Xray's eight words (contextual analysis)."""

    APPLICABLE = "applicable"
    NOT_APPLICABLE = "not_applicable"
    UNDETERMINED = "undetermined"
    RESCAN_REQUIRED = "rescan_required"
    UPGRADE_REQUIRED = "upgrade_required"
    NOT_SCANNED = "not_scanned"
    UNSUPPORTED = "technology_unsupported"
    NOT_COVERED = "not_covered"
