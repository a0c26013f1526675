"""What a connection's transform maps make of its records; what is the same for many images is made once."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import msgspec

from reedbed.inventory.transform import TransformMap, compile_map
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
        self._texts = texts
        self._findings: dict[tuple[str, str], Values] = {}

    @cached_property
    def _repository(self) -> TransformMap:
        return compile_map(self._texts[Stream.REPOSITORIES])

    @cached_property
    def _image(self) -> TransformMap:
        return compile_map(self._texts[Stream.IMAGES])

    @cached_property
    def _vulnerability(self) -> TransformMap:
        return compile_map(self._texts[Stream.VULNERABILITIES])

    def repository(self, record: RepositoryRecord) -> Values:
        return self._repository.asset(record)

    def image(self, record: ImageRecord) -> Values:
        return self._image.asset(record)

    def text(self, one: VulnerabilityRecord) -> Values:
        """Make the part of a finding that is its advisory's."""
        return self._vulnerability.text(one)

    def finding(self, text: str, one: VulnerabilityRecord) -> Values:
        """Make the rest that is the same in every image; `text` is the digest of the advisory's text."""
        key = (text, one.component)
        if (made := self._findings.get(key)) is None:
            apart = msgspec.structs.replace(one, found=(), impact_path=(), finding_detection_url="")
            made = self._findings[key] = self._vulnerability.finding(apart, NO_IMAGE)
        return made
