"""What a connection's transform maps make of its records; what is the same for many images is made once."""

from collections.abc import Mapping
from typing import Any

import msgspec

from reedbed.inventory.transform import TransformMap, compile_map
from reedbed.inventory.transform.compiled import Tally
from reedbed.inventory.transform.fault import Problem
from reedbed.model.inventory import Stream
from reedbed.model.records import ImageRecord, RepositoryRecord, ScanRecord, VulnerabilityRecord

Values = dict[str, Any]

NO_IMAGE = ScanRecord(image=ImageRecord(image_name=""))


class Shapes:
    """Applies the maps of a run, each compiled when it is needed first.

    What a map makes of a finding out of its image is not kept: it is made of the landed record when somebody
    asks. The rest is made once for an advisory's text, and once for each component that it is about.
    """

    def __init__(self, names: Mapping[Stream, str], texts: Mapping[Stream, str]) -> None:
        self.vulnerability_map = names[Stream.VULNERABILITIES]  # "name@version"
        self._names = names
        self._texts = texts
        self._ready: dict[Stream, TransformMap] = {}
        self._findings: dict[tuple[str, str], Values] = {}

    def _map(self, stream: Stream) -> TransformMap:
        if (found := self._ready.get(stream)) is None:  # threads share it: the first one stays
            found = self._ready.setdefault(stream, compile_map(self._texts[stream]))
        return found

    def repository(self, record: RepositoryRecord) -> Values:
        return self._map(Stream.REPOSITORIES).asset(record)

    def image(self, record: ImageRecord) -> Values:
        return self._map(Stream.IMAGES).asset(record)

    def text(self, one: VulnerabilityRecord) -> Values:
        """Make the part of a finding that is its advisory's."""
        return self._map(Stream.VULNERABILITIES).text(one)

    def finding(self, text: str, one: VulnerabilityRecord) -> Values:
        """Make the rest that is the same in every image; `text` is the digest of the advisory's text."""
        key = (text, one.component)
        if (made := self._findings.get(key)) is None:
            apart = msgspec.structs.replace(one, found=(), impact_path=())
            transform = self._map(Stream.VULNERABILITIES)
            made = self._findings[key] = transform.finding(apart, NO_IMAGE, report=self._heard)
        return made

    def _heard(self, problem: Problem) -> None:
        """Count what a row could not do, but where it only lacked an image."""
        transform = self._map(Stream.VULNERABILITIES)
        if problem.row in transform.everywhere:
            transform.problems.add(problem)

    def problems(self) -> list[tuple[Stream, str, Tally]]:
        """Give what rows of maps could not do since the last call: (stream, map, what and how often)."""
        return [
            (stream, self._names[stream], tally)
            for stream, transform in sorted(self._ready.items())
            for tally in transform.problems.take()
        ]
