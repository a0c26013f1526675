"""What somebody who starts a stand-in may choose: where it listens, and how its platform behaves."""

from pathlib import Path
from typing import Annotated, Literal

import msgspec

from jfrog_standin.seeding.seed import Seed

Certificate = Literal["valid", "expired", "unknown-ca", "wrong-host"]
"""Which certificate the server shows; all but the first exist to be refused."""

Mode = Literal["strict", "silent"]
"""What Xray does with a custom issue that breaks an undocumented rule: say 400, or say 201 and forget it."""


MAX_SKEW_S = 1e9  # some thirty years: calendars end somewhere


class Switches(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The behaviours that differ between real platforms, or that JFrog does not document.

    Replaced as a whole (`msgspec.structs.replace`), so that a handler sees one consistent set.
    """

    mode: Mode = "strict"
    anonymous: bool = False  # may somebody without credentials read from Artifactory?
    api_keys: bool = False  # is the header X-JFrog-Art-Api still accepted? JFrog has ended it
    hide_unauthorized: bool = False  # hideUnauthorizedResources: Artifactory says 404 instead of 403
    xray_missing: bool = False  # an OSS edition, or port 8081: nothing answers under /xray
    xray_version_needs_user: bool = False  # authenticateRequestForSystemVersion
    asleep: bool = False  # a stopped SaaS trial: every answer is a 302 to …/reactivate-server…
    login_page: bool = True  # an unknown path answers a login page with 200, as single sign-on in front does
    token_persistence_threshold_s: int = (
        10_800  # a token that lives shorter is not stored: no look-up, no revoking
    )

    malicious_flag: Literal["issue_kind", "as_sent", "never"] = "issue_kind"
    """What makes an issue read back as `malicious_package`: its issue_kind 1, its own flag, or nothing."""
    put_creates: bool = False  # does PUT of an unknown issue create it? undocumented
    sbom_service: bool = True  # without it impactedResources is 403
    indexing_delay_ms: int = 0  # how long a written custom issue takes until it blocks
    indexing_delay_polls: int = 0  # how many downloads it lets through first
    blocked_through_virtual: dict[str, Literal[403, 404]] = msgspec.field(
        default_factory=lambda: {"docker": 404}
    )
    """Package type → status of a blocked download through a virtual repository; 403 where not named."""

    webhooks_beyond_loopback: bool = False  # may a webhook call other machines than this one?

    summary_v2: bool = True  # False: an Xray that has only v1, so v2 is 404
    summary_pending: Literal["error", "missing", "empty"] = "error"
    """What a summary says of an artifact that is being scanned: as unknown, nothing, or without issues."""
    summary_index: bool = False  # has an image of several platforms a summary of its own?
    summary_needs_default: bool = True  # must a path begin with the id of the Artifactory?
    summary_shuffles: bool = True  # does the order of impact paths change from call to call?
    component_ids: Literal["uri", "bare"] = "uri"  # "alpine://3.12:openssl:1.1.1k-r0" or without a scheme
    bracketed_fixes: bool = False  # "[2.29.4]" instead of "2.29.4"
    summary_item_ms: Annotated[float, msgspec.Meta(ge=0)] = 0  # how long a summary of one artifact takes
    summary_growth: Annotated[float, msgspec.Meta(ge=0, le=3)] = 1.0
    """The power of their number by which a batch gets slower; reports speak of more than 1."""
    summary_parallel: int = 0  # more summaries than that at once get 429; 0: no limit
    scans_list_most_rows: int = 0  # more rows than that run into its limit of time; 0: no limit
    violations_hang: bool = False  # a search for violations without filters never ends
    reports: bool = True  # False: the feature is off, and every call is 412
    report_limit: int = 100  # so many are kept at once; one more is 429
    report_polls: Annotated[int, msgspec.Meta(ge=0)] = 1  # how often one looks until a report is ready
    poisoned: tuple[str, ...] = ()  # checksums, or globs of paths, that spoil the batch that they are in
    poison: Literal["500", "504", "hung"] = "500"  # what becomes of such a batch

    event_signature: str = ""  # what stands before the signature of an event: "sha256=", say
    deliveries_again: Annotated[int, msgspec.Meta(ge=0)] = 0  # how often what was taken is sent once more
    deliveries_late_ms: Annotated[int, msgspec.Meta(ge=0)] = 0  # how late webhooks are called
    deliveries_shuffled: bool = False  # does every second delivery overtake the one before it?
    deliveries_forged: bool = False
    """Does somebody who does not know the secret send the like of each delivery, before it?"""

    latency_ms: Annotated[int, msgspec.Meta(ge=0)] = 0  # added to every answer
    clock_skew_s: Annotated[float, msgspec.Meta(ge=-MAX_SKEW_S, le=MAX_SKEW_S)] = (
        0.0  # how far the platform's clock is ahead: Date header and every timestamp
    )

    docker_paging: Literal["position", "name"] = "position"
    """What `last` means in lists of images and tags: how many were shown, or, as specified, the last name."""
    blob_redirects: bool = False  # blobs are in a store elsewhere: getting one is a 302 to a signed address
    docker_referrers: bool = True  # older versions don't know `…/v2/<image>/referrers/<digest>`

    file_ranges: bool = True  # does a download answer to Range with a part?
    pypi_simple_json: bool = False  # “Enable simple json format”, off by default
    pypi_upload_time: bool = False  # is there a size and an upload time (PEP 700) in that JSON?
    pypi_metadata: bool = False  # is a wheel's metadata a file of its own (PEP 658)?
    npm_bulk_advisories: bool = True  # an audit's advisories; a remote before 7.124 has none, and says 404
    go_sumdb: bool = False  # does a Go remote pass the checksum database on?
    curation_hides_versions: bool = False
    """“Compliant version selection”: what Curation blocks is in no index of npm and PyPI."""
    curation_html: bool = False  # Curation's refusal is a page instead of JSON
    cold_refusals: Annotated[int, msgspec.Meta(ge=0)] = 0
    """The first so many addresses of packages that a token asks for get one 401 each, as after a cold start
    with many requests at once."""
    aql_max_rows: int = 500_000  # aql.search.query.max.limit
    aql_parallel: int = 0  # more AQL queries than that at once get 429; 0: no limit


class StandIn(msgspec.Struct, frozen=True, kw_only=True):
    """How one stand-in is started."""

    host: str = "127.0.0.1"
    port: int = 0  # 0: whichever is free
    certificate: Certificate | None = "valid"  # None: plain HTTP
    data: Path | None = None  # for the CA file; None: a temporary folder, gone at the end
    beyond_loopback: bool = False  # may it listen where other machines reach it?
    admin_password: str = "password"
    quick_setup: bool = False  # start with a local, a remote and a virtual repository of each type
    seeded: Seed | None = None  # start with a platform that is grown from a seed
    switches: Switches = Switches()
