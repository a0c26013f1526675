"""What a terminal shows of a live run."""

from datetime import UTC, datetime

from reedbed.cli.watching import Pace, described
from reedbed.model.inventory import Stream
from reedbed.store.inventory.streams import Phase, RunStream


def stream(of: Stream, phase: Phase, **counts: int) -> RunStream:
    return RunStream(
        run="r",
        stream=of,
        phase=phase,
        counts=counts,
        watermark=None,
        complete=False,
        gaps=0,
        error=None,
        changed_at=datetime(2026, 3, 2, tzinfo=UTC),
    )


def test_only_what_is_being_read_is_described() -> None:
    ended = stream(Stream.REPOSITORIES, Phase.ENDED, repositories=12)
    reading = stream(Stream.IMAGES, Phase.READING, listed=258, images=40, gaps=0)

    assert described([ended, reading]) == "docker-images reading: 258 listed, 40 images"
    assert described([ended, stream(Stream.TAGS, Phase.LISTING)]) == "tags listing"
    assert (described([]), described([ended])) == ("starting …", "closing what is over …")


def test_a_pace_is_told_when_there_is_something_to_measure() -> None:
    pace = Pace()

    told = [pace.told(images, at_s=at_s) for at_s, images in ((0.0, 0), (5.0, 20), (5.0, 20), (7.0, 120))]

    assert told == ["", "", "", "50 images a second"]
