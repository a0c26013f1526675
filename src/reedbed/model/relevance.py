"""Why a flagged package matters to a platform."""

from enum import StrEnum


class Ground(StrEnum):
    """What makes a flagged package worth a custom issue; with none it is left out."""

    RECENT = "recent"  # a feed said so within the window, or a feed of which everything counts
    THERE = "there"  # Artifactory has files of it, in whatever version
    BACKFILLED = "backfilled"  # an operator wants it pushed
    PUSHED = "pushed"  # it is in Xray: age alone takes nothing back
    WAITS = "waits"  # its change is due, or a person was asked about this very package
