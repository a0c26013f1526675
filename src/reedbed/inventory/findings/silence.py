"""Why an image has no findings: never “clean”, unless a conclusive look found nothing. Pure."""

from reedbed.model.inventory import Coverage

_WHY = {
    Coverage.SCANNED: ("Xray looked at all of it and knows of nothing.", ""),
    Coverage.PARTIAL: (
        "Xray looked at part of it only.",
        "See the scan's errors in Xray, and scan it again.",
    ),
    Coverage.PENDING: ("Xray has not finished its scan.", "Wait for it; the next run reads the answer."),
    Coverage.NOT_INDEXED: (
        "Its repository is not in Xray.",
        "Index it: Administration > Xray Settings > Indexed Resources.",
    ),
    Coverage.NOT_SCANNED: (
        "Xray has not scanned it.",
        "Scan it in Xray, or push it again: indexing does not reach back beyond its retention.",
    ),
    Coverage.UNSUPPORTED: ("Xray can't scan what it is.", "No scan of it is to be had."),
    Coverage.EXPIRED: ("Xray has dropped its scan after the retention time.", "Scan it again in Xray."),
    Coverage.UNAVAILABLE: ("Xray gave no answer about it.", "See `reedbed sync log`, and run it again."),
    Coverage.NOT_REQUESTED: (
        "The connection's filters leave it out.",
        "See `reedbed connection show`, and widen its filters.",
    ),
    Coverage.UNKNOWN: ("It was listed, and not looked at yet.", "Run `reedbed sync run`."),
}


def why_no_findings(
    coverage: Coverage | None,
    *,
    is_index: bool = False,
    repository_indexed: bool | None = None,
    stream: str | None = None,
) -> tuple[str, str]:
    """Say why nothing is known to be wrong with an image, and what to do: (why, fix).

    `stream` is how the newest run's stream of vulnerabilities ended; None: no run has read any.
    """
    if is_index:
        return "It is a multi-arch index: findings are those of its images.", "Look at those."
    if coverage is None and stream is None:
        return "No run has read vulnerabilities yet.", "Select that stream, and run `reedbed sync run`."
    if repository_indexed is False and coverage is not Coverage.SCANNED:
        return _WHY[Coverage.NOT_INDEXED]
    return _WHY[coverage or Coverage.UNKNOWN]
