"""Every command: where its function is, and its help."""

import msgspec


class Command(msgspec.Struct, frozen=True):
    where: str  # below reedbed.cli
    does: str  # one line, which stands in lists too
    more: str = ""
    example: str = ""

    @property
    def help(self) -> str:
        return "\n\n".join(filter(None, (self.does, self.more, f"Example: `{self.example}`")))


class Noun(msgspec.Struct, frozen=True):
    about: str
    verbs: "dict[str, Command | Noun]"


NOUNS = {
    "platform": Noun(
        "The JFrog Platforms that Reedbed works on.",
        {
            "add": Command(
                "platform:add",
                "Store a platform and its access token (encrypted), after testing both.",
                more=(
                    "The token is read from `REEDBED_TOKEN`, from standard input, or asked for. It is "
                    "never an argument."
                ),
                example="reedbed platform add prod https://acme.jfrog.io < token.txt",
            ),
            "list": Command(
                "platform:list_all",
                "List the platforms, and when their tokens expire.",
                example="reedbed platform list --json",
            ),
            "test": Command(
                "platform:check_one",
                "Find out what works on a platform and what does not, each with what to do.",
                more=(
                    "Permission to write is proved with a custom issue about a package that cannot exist;"
                    " it is taken back."
                ),
                example="reedbed platform test prod",
            ),
            "edit": Command(
                "platform:edit",
                "Change how a platform is reached; what is not named stays, its token too.",
                more=(
                    "Where Artifactory keeps files in a cloud it redirects to a signed address there. Such a"
                    " redirect is followed once, by https and without the token, to a `--blob-host` alone."
                    " An ending never leads to an address that is not public; a host named in full may."
                ),
                example="reedbed platform edit prod --blob-host .s3.eu-central-1.amazonaws.com",
            ),
            "rotate": Command(
                "platform:rotate",
                "Replace a platform's access token after testing the new one.",
                more="The token is read from `REEDBED_TOKEN`, from standard input, or asked for.",
                example="reedbed platform rotate prod < new-token.txt",
            ),
            "shield": Command(
                "platform:shield",
                "Push what feeds say to a platform that was only read until now.",
                more="A platform that `connection add` has stored is read, and never written to, until then.",
                example="reedbed platform shield prod",
            ),
            "remove": Command(
                "platform:remove",
                "Forget a platform and its token; its custom issues stay in Xray.",
                example="reedbed platform remove prod --yes",
            ),
        },
    ),
    "registry": Noun(
        "The repositories of packages that projects are resolved through.",
        {
            "add": Command(
                "registry:add",
                "Store the URLs of repositories of packages and their token (encrypted), after testing them.",
                more=(
                    "One token, and at least one URL: of npm, PyPI or Go, all of one host. The token is read "
                    "from `REEDBED_TOKEN`, from standard input, or asked for. It is never an argument. What "
                    "is nearly such a URL is corrected, and that is said."
                ),
                example=(
                    "reedbed registry add prod --npm https://acme.jfrog.io/artifactory/api/npm/npm-virtual/ "
                    "< token.txt"
                ),
            ),
            "edit": Command(
                "registry:edit",
                "Set or take away URLs of a registry, after testing what comes of it.",
                example=(
                    "reedbed registry edit prod "
                    "--pypi https://acme.jfrog.io/artifactory/api/pypi/pypi-virtual/simple"
                ),
            ),
            "list": Command(
                "registry:list_all",
                "List the registries, their URLs, and when their tokens expire.",
                example="reedbed registry list --json",
            ),
            "show": Command(
                "registry:show_one",
                "Show a registry and what its last test came to.",
                example="reedbed registry show prod",
            ),
            "test": Command(
                "registry:check_one",
                "Find out what of a registry works and what does not, each with what to do.",
                more="With --package it says also whether a package can be had, and why not.",
                example="reedbed registry test prod --package npm:lodash",
            ),
            "rotate": Command(
                "registry:rotate",
                "Replace a registry's token after testing the new one.",
                more="The token is read from `REEDBED_TOKEN`, from standard input, or asked for.",
                example="reedbed registry rotate prod < new-token.txt",
            ),
            "remove": Command(
                "registry:remove",
                "Forget a registry and its token.",
                example="reedbed registry remove prod",
            ),
        },
    ),
    "connection": Noun(
        "What is read of a platform, when, and with which token.",
        {
            "add": Command(
                "connection.profile:add",
                "Store a connection to a platform, and test it.",
                more=(
                    "With an address, or with --own-token, the token is read from `REEDBED_TOKEN`, from "
                    "standard input, or asked for. It is never an argument. Until the five checks pass, "
                    "the connection is a draft."
                ),
                example="reedbed connection add prod-inventory prod",
            ),
            "about": Command(
                "connection.look:about",
                "Say what connections can do.",
                example="reedbed connection about",
            ),
            "test": Command(
                "connection.look:check_one",
                "Find out what of a connection works and what does not, each with what to do.",
                more="Nothing is changed in JFrog. Exits 1 when one of the five checks fails.",
                example="reedbed connection test prod-inventory",
            ),
            "list": Command(
                "connection.look:list_all",
                "List the connections: what their schedules are at, and how their newest runs go or ended.",
                example="reedbed connection list",
            ),
            "show": Command(
                "connection.look:show_one",
                "Show a connection: where it stands, what it reads, when, and its last tests.",
                example="reedbed connection show prod-inventory --tests 1",
            ),
            "edit": Command(
                "connection.change:edit",
                "Change what a connection is for, what it reads and by which transform maps.",
                more="With another platform or more streams it is a draft again, until it is tested.",
                example="reedbed connection edit prod-inventory --stream repositories --stream docker-images",
            ),
            "filter": Command(
                "connection.filter:filters",
                "Say what is let in; show first what that comes to. Left out is not fixed.",
                more=(
                    "Names of the options are repeated for more than one pattern, which know `*` and `?`; "
                    "a tag's may be `re:` and a regular expression (RE2). The options replace all filters "
                    "that there were; --clear lets everything in."
                ),
                example="reedbed connection filter prod --repository 'docker-*' --newest-tags 5 --preview",
            ),
            "current": Command(
                "connection.current:current",
                "Say which images count; show first what that comes to. By default each that a tag leads to.",
                more=(
                    "What is not current is listed and read, opens no finding and keeps none open. The "
                    "options replace all that was said; --clear lets every tag count. Patterns are those of "
                    "`filter`."
                ),
                example="reedbed connection current prod --newest-tags 3 --not-tag 'pr-*' --preview",
            ),
            "schedule": Command(
                "connection.schedule:schedule",
                "Say when a connection runs; without any option show it.",
                more=(
                    "A time that does not exist, because clocks go on, is at the end of the gap; one that "
                    "exists twice is the first of the two. The next five moments are shown."
                ),
                example="reedbed connection schedule prod --incremental 'every 1h' --full 'daily 02:30'",
            ),
            "rotate": Command(
                "connection.change:rotate",
                "Give a connection a new token of its own, after testing it.",
                more="The token is read from `REEDBED_TOKEN`, from standard input, or asked for.",
                example="reedbed connection rotate prod-inventory < new-token.txt",
            ),
            "enable": Command(
                "connection.change:enable",
                "Let a connection run whose five checks have passed.",
                example="reedbed connection enable prod-inventory",
            ),
            "pause": Command(
                "connection.change:pause",
                "Begin no scheduled run until the connection is resumed; a live one goes on to its end.",
                example="reedbed connection pause prod-inventory",
            ),
            "resume": Command(
                "connection.change:enable",
                "Let a paused connection run again; what was missed meanwhile stays missed.",
                example="reedbed connection resume prod-inventory",
            ),
            "hook": Noun(
                "Webhooks by which JFrog tells of changes, so that a run looks at them at once.",
                {
                    "enable": Command(
                        "connection.hook:enable",
                        "Let JFrog tell a connection of changes, and show what to set up there.",
                        more=(
                            "What is told is a hint: it is looked at, never believed. Enabled again, a hook "
                            "has another secret; the old one is good no more."
                        ),
                        example="reedbed connection hook enable prod artifactory",
                    ),
                    "disable": Command(
                        "connection.hook:disable",
                        "Take nothing from JFrog's webhooks any more; runs find what changed by themselves.",
                        example="reedbed connection hook disable prod artifactory",
                    ),
                    "show": Command(
                        "connection.hook:show_one",
                        "Show the hooks of a connection: what came, what was refused and why, what waits.",
                        example="reedbed connection hook show prod",
                    ),
                },
            ),
            "remove": Command(
                "connection.change:remove",
                "Forget a connection, and all that was read through it.",
                example="reedbed connection remove prod-inventory --yes",
            ),
        },
    ),
    "map": Noun(
        "What becomes of landed records: transform maps.",
        {
            "list": Command(
                "maps.look:list_all",
                "List the maps, each in its newest version.",
                example="reedbed map list",
            ),
            "show": Command(
                "maps.look:show_one",
                "Show a map's rows: what each target path is made of, and why so.",
                example='reedbed map show "JFrog Docker Image Asset"',
            ),
            "export": Command(
                "maps.look:export",
                "Write a map as TOML, to a file or to standard output.",
                example='reedbed map export "JFrog Docker Image Asset" image.toml',
            ),
            "import": Command(
                "maps.change:take",
                "Save maps from files: each becomes the next version of the map that it names.",
                more="A map that is not valid is not saved; each fault is told with its row.",
                example="reedbed map import maps/image.toml",
            ),
            "create": Command(
                "maps.change:create",
                "Make a new map that has the rows which its target model requires.",
                example='reedbed map create "Our repositories" repository repository-asset',
            ),
            "clone": Command(
                "maps.change:clone",
                "Make a copy of a map under a name of its own, to be edited.",
                example='reedbed map clone "JFrog Docker Image Asset" "Our images"',
            ),
            "edit": Command(
                "maps.change:edit",
                "Open a map in the editor of $VISUAL or $EDITOR; what it leaves is the next version.",
                example='reedbed map edit "Our images"',
            ),
            "test": Command(
                "maps.trial:try_out",
                "Check maps in files and run the tests that they carry. Needs no database.",
                more="Exits 1 when a map is not valid, or a test fails.",
                example="reedbed map test maps/*.toml",
            ),
            "diff": Command(
                "maps.look:differences",
                "Show which rows of two maps differ.",
                more="Without a second one, from the map that it was cloned from.",
                example='reedbed map diff "Our images"',
            ),
            "preview": Command(
                "maps.trial:preview",
                "Show what a map makes of landed records, beside what another makes of them.",
                more=(
                    "Also tells required targets that stay empty, rows that fail, and source paths with "
                    "values that no row reads. Asks JFrog nothing."
                ),
                example='reedbed map preview image.toml prod --against "JFrog Docker Image Asset"',
            ),
            "replay": Command(
                "maps.trial:replay",
                "Write anew what a connection's maps make of all it has landed, without asking JFrog.",
                more=(
                    "Ids, findings, their dates and what people said of them stay. Broken off, it is simply "
                    "run again."
                ),
                example="reedbed map replay prod",
            ),
            "merge": Command(
                "maps.change:merge",
                "Show what a clone would take in of what changed since in the map it came from.",
                more="With --apply it is saved as the next version.",
                example='reedbed map merge "Our images" --apply',
            ),
        },
    ),
    "sync": Noun(
        "What a platform holds and what is wrong with it, read into the store.",
        {
            "run": Command(
                "sync:run",
                "Read a connection's platform now.",
                more=(
                    "Exits 3 where some images have no conclusive answer of Xray, 4 where closing findings "
                    "waits for a person. What a run that was broken off has read, the next one builds on."
                ),
                example="reedbed sync run prod --mode delta",
            ),
            "status": Command(
                "sync:status",
                "Show the newest run of each connection, stream by stream.",
                example="reedbed sync status --json",
            ),
            "cancel": Command(
                "sync:cancel",
                "Ask the live run of a connection to stop; nothing is closed then.",
                example="reedbed sync cancel prod",
            ),
            "retry": Command(
                "sync:retry",
                "Read what the newest run of a connection could not read.",
                more=(
                    "Lists everything, and reads images without a conclusive answer, and streams that "
                    "failed; what was read is not asked for again. Exits as `sync run`, and 0 where there is "
                    "nothing to retry."
                ),
                example="reedbed sync retry prod",
            ),
            "log": Command(
                "sync:log",
                "Show what a run has to tell: what was refused or could not be read, and why.",
                example="reedbed sync log prod",
            ),
            "held": Command(
                "triage:held",
                "Show what the newest complete run would have closed, had it not been so much at once.",
                example="reedbed sync held prod",
            ),
            "confirm": Command(
                "triage:confirm",
                "Close what is held, but for what was read again since or can't be read now.",
                example="reedbed sync confirm prod",
            ),
            "reject": Command(
                "triage:reject",
                "Leave open what is held; the next complete run decides anew.",
                example="reedbed sync reject prod",
            ),
        },
    ),
    "finding": Noun(
        "What people say of findings, apart from their status.",
        {
            "show": Command(
                "inventory.one:finding",
                "Show a finding: where it occurs, and what happened to it.",
                more="`reedbed finding ID` is short for it.",
                example="reedbed finding show rbf1:k2v7q --json",
            ),
            "triage": Command(
                "triage:triage",
                "Say what findings are worth: a false positive, not affected, an accepted risk.",
                more=(
                    "It stays when a finding is seen again. `not-affected` needs a justification in the "
                    "words of VEX, `risk-accepted` a time."
                ),
                example=(
                    "reedbed finding triage risk-accepted --vulnerability CVE-2026-1234 --for 2160h "
                    "--note 'behind the gateway'"
                ),
            ),
            "triaged": Command(
                "triage:triaged",
                "List what is said of findings, by whom, why and until when.",
                example="reedbed finding triaged --json",
            ),
        },
    ),
    "intel": Noun(
        "What feeds say is malicious becomes custom issues in Xray that block.",
        {
            "once": Command(
                "intel.runs:once",
                "Read the feeds, bring Xray to what they say, and stop.",
                more="Exits 3 when some changes failed and are tried again, 4 when some wait for a person.",
                example="reedbed intel once prod --json",
            ),
            "run": Command(
                "intel.runs:run",
                "Read the feeds and bring Xray to what they say on a schedule, as a daemon.",
                more=(
                    "SIGTERM finishes the step in hand and leaves; a second one leaves at once. Several "
                    "daemons may share one PostgreSQL database. `/healthz`, `/readyz` and `/metrics` "
                    "answer on `health.listen`."
                ),
                example="reedbed intel run --set intel.interval_s=60",
            ),
            "plan": Command(
                "intel.runs:plan",
                "Show what a run would change, without changing anything in JFrog or in the outbox.",
                more=(
                    "Reads the feeds first, as a run would. Exits 4 when some of it would wait for a person."
                ),
                example="reedbed intel plan prod --full",
            ),
            "explain": Command(
                "intel.look:explain",
                "Show what feed records would become in Xray, and why.",
                more=(
                    "One line or one JSON object a record. Exits 1 when a record says nothing that could "
                    "be acted on."
                ),
                example="reedbed intel explain MAL-2026-2307.json --json",
            ),
            "runs": Command(
                "intel.look:list_runs",
                "List the last runs, how each ended and what it did.",
                example="reedbed intel runs --limit 5",
            ),
            "cancel": Command(
                "intel.runs:cancel",
                "Ask a running run to stop at its next step.",
                more="What it has not done stays in the outbox, and goes with the next run.",
                example="reedbed intel cancel 01a20089-a7e2-7909-bbfa-3180044dd15c",
            ),
            "status": Command(
                "intel.look:status",
                "Show feeds, platforms, what waits and what failed.",
                example="reedbed intel status",
            ),
            "list": Command(
                "intel.look:list_all",
                "List what the feeds say, by package.",
                example="reedbed intel list --named axios",
            ),
            "show": Command(
                "intel.look:show_one",
                "Show all that is known of one package.",
                more=(
                    "Who says what, what was pushed where, what waits. Exits 1 when nothing is known of it."
                ),
                example="reedbed intel show npm:axios",
            ),
            "skipped": Command(
                "intel.look:skipped",
                "List what is not pushed, and why.",
                more="Records that can't be used, and packages that Xray can't enforce.",
                example="reedbed intel skipped --json",
            ),
            "held": Command(
                "intel.held:held",
                "List the changes that wait for a person, and why. Exits 4 when there are any.",
                example="reedbed intel held prod",
            ),
            "release": Command(
                "intel.held:release",
                "Let held changes go: exactly those that are held now. The next run carries them out.",
                example="reedbed intel release prod pkg:npm/left-pad --by alice",
            ),
            "backfill": Command(
                "intel.backfill:backfill",
                "Push flagged packages that are neither recent nor in Artifactory.",
                more=(
                    "Says how many they are and what pushing them takes, and asks; --yes answers. The next "
                    "runs carry it out. Of age alone nothing is ever un-blocked."
                ),
                example='reedbed intel backfill prod --ecosystem pypi --reason "all of Python"',
            ),
            "hunt": Command(
                "intel.hunt:hunt",
                "Look for flagged releases that Artifactory has, and that Xray saw inside other artifacts.",
                more=(
                    "Keeps what it finds. Exits 6 when there is something, 5 when part of it could not be "
                    "looked at: nothing found then proves nothing."
                ),
                example="reedbed intel hunt prod",
            ),
            "findings": Command(
                "intel.hunt:findings",
                "List what hunts have found, without hunting. Exits 6 when something is open.",
                example="reedbed intel findings prod --json",
            ),
            "quarantine": Command(
                "intel.hunt:quarantine",
                "Show how findings would be put into quarantine; with --apply do it; with --undo end it.",
                more=(
                    "Sets the property `reedbed.quarantine` on each file, and with --into moves it to a "
                    "local repository that nobody reads from. Deletes nothing."
                ),
                example="reedbed intel quarantine prod 5f0c2a9b7d31e684 --reason malware --apply",
            ),
            "cached": Command(
                "intel.cached:cached",
                "List flagged releases in this machine's npm, pip, uv and Go caches; take them out.",
                more=(
                    "With --remove exactly those releases go, never a whole cache. Exits 6 when there are "
                    "any, 5 when part of a cache could not be read."
                ),
                example="reedbed intel cached --remove",
            ),
            "unblock": Command(
                "intel.unblock:unblock",
                "Free a flagged package, or one version of it, for a while.",
                more=(
                    "It survives what feeds say meanwhile, is in the audit log, and comes back by itself. "
                    "It holds on every platform from the next run on."
                ),
                example='reedbed intel unblock npm:left-pad@1.3.0 --for 24h --reason "build is down"',
            ),
            "unblocked": Command(
                "intel.unblock:unblocked",
                "List what is un-blocked now, by whom, why and until when.",
                example="reedbed intel unblocked",
            ),
            "verify": Command(
                "intel.proof:verify",
                "Compare the ledger with what Xray really holds.",
                more=(
                    "Exits 5 when they differ. Changes nothing in Xray, but with --repair. With --rebuild "
                    "it finds the issues that a lost ledger has forgotten; the next run takes them over."
                ),
                example="reedbed intel verify prod --repair",
            ),
            "enforce": Command(
                "intel.proof:enforce",
                "Show what makes custom issues block in repositories.",
                more=(
                    "With --apply make it; with --prove-in prove it. The proof uploads a tiny harmless "
                    "package to a local repository, flags it, waits until its download is refused, frees "
                    "it, and takes it away. A remote is proved with a benign release of it that you name."
                    " Exits 5 when a repository does not block, or that could not be proved."
                ),
                example="reedbed intel enforce prod --repository npm-local --apply --prove-in npm-local",
            ),
            "proofs": Command(
                "intel.proofs:proofs",
                "Say which repositories are proved to block; of the others why not, and what would prove it.",
                more=(
                    "Holds every proof against the policies, watches and indexing of now. Exits 0 only when"
                    " all are proved, else 5; a platform that is away is shown as last seen."
                ),
                example="reedbed intel proofs prod",
            ),
        },
    ),
    "query": Noun(
        "The query language over assets and findings.",
        {
            "explain": Command(
                "inventory.query:explain",
                "Say in words how a query is understood.",
                example="reedbed query explain 'severity>=high AND NOT applicability:not_applicable'",
            ),
            "tokens": Command(
                "inventory.query:tokens",
                "List what can be asked for.",
                example="reedbed query tokens container",
            ),
            "complete": Command(
                "inventory.query:complete",
                "Suggest what could stand next in a query.",
                example="reedbed query complete 'severity:' --json",
            ),
        },
    ),
    "auth": Noun(
        "Logins at SafeDep, for its feed.",
        {
            "login": Command(
                "auth:login",
                "Store an API key for SafeDep's feed, or log in by device flow and have one made.",
                more=(
                    "The key is read from `SAFEDEP_API_KEY`, from standard input, or asked for. It is kept"
                    " in the system's keychain where that works, else encrypted in the database. The "
                    "device flow needs `safedep.client_id`."
                ),
                example="reedbed auth login --api-key --tenant acme.safedep.io < key.txt",
            ),
            "status": Command(
                "auth:status",
                "List the logins, where each key is kept and when it ends.",
                more="Exits 1 when there is none.",
                example="reedbed auth status --json",
            ),
            "logout": Command(
                "auth:logout",
                "Forget a login and its key; at SafeDep the key stays valid.",
                example="reedbed auth logout --profile staging",
            ),
        },
    ),
    "integration": Noun(
        "The command line of SafeDep's own daemon, unchanged.",
        {
            "jfrog": Noun(
                "SafeDep's feed into a JFrog Xray.",
                {
                    "run": Command(
                        "integration:run",
                        "Push what SafeDep's feed says into a JFrog Xray, as a daemon, with the flags of "
                        "SafeDep's own.",
                        more=(
                            "Stores the platform and its token (encrypted), and does what `reedbed intel"
                            " run` does for all feeds and platforms. See "
                            "docs/moving-from-the-vendors-daemon.md."
                        ),
                        example="reedbed integration jfrog run --instance-url https://acme.jfrog.io",
                    ),
                },
            ),
        },
    ),
    "export": Noun(
        "Findings and assets as files that other programs read.",
        {
            "csv": Command(
                "export:csv",
                "Write findings, or assets, as CSV that no spreadsheet takes for formulas.",
                more="Without a query: all that are open and in scope.",
                example="reedbed export csv 'finding.severity>=high' -o findings.csv",
            ),
            "jsonl": Command(
                "export:jsonl",
                "Write all that is known of findings, or assets, as JSON, one a line.",
                example="reedbed export jsonl --assets -o assets.jsonl",
            ),
            "sarif": Command(
                "export:sarif",
                "Write findings as a SARIF 2.1.0 log.",
                example="reedbed export sarif 'container.name:team/app' -o findings.sarif",
            ),
            "cyclonedx": Command(
                "export:cyclonedx",
                "Write findings as a CycloneDX 1.6 vulnerability disclosure report, or as a VEX.",
                example="reedbed export cyclonedx --vex -o vex.cdx.json",
            ),
            "openvex": Command(
                "export:openvex",
                "Write what is judged of findings as an OpenVEX 0.2.0 document.",
                example="reedbed export openvex --author security@example.com -o vex.json",
            ),
            "etm": Command(
                "export:etm",
                "Write assets with their findings as JSON by the target paths of the transform maps.",
                more="A shape, not a push: docs/exporting.md says what it is good for.",
                example="reedbed export etm -o assets.json",
            ),
            "parquet": Command(
                "export:parquet",
                "Write findings, or assets, as Parquet. Needs `reedbed[parquet]`.",
                example="reedbed export parquet -o findings.parquet",
            ),
        },
    ),
    "enrich": Noun(
        "What others know about CVEs: how likely they are to be exploited, and which are.",
        {
            "epss": Command(
                "enrich:epss",
                "Import EPSS scores (CSV, gzipped or not), and score findings anew.",
                more="The file is read whole before anything is changed; a bad one changes nothing.",
                example="reedbed enrich epss epss_scores-2026-11-21.csv.gz",
            ),
            "kev": Command(
                "enrich:kev",
                "Import a list of known exploited vulnerabilities (KEV, JSON), and score findings anew.",
                more="The file is read whole before anything is changed; a bad one changes nothing.",
                example="reedbed enrich kev known_exploited_vulnerabilities.json",
            ),
            "score": Command(
                "enrich:score",
                "Score every finding and asset anew, after the weights were changed.",
                example="reedbed enrich score --set score.kev=20",
            ),
            "status": Command(
                "enrich:status",
                "Show what was imported, of which day, and how the daemon's imports go.",
                more="`enrich.epss_url` and `enrich.kev_url` name what the daemon imports again and again.",
                example="reedbed enrich status",
            ),
        },
    ),
    "webhook": Noun(
        "Who is told what happens to findings.",
        {
            "add": Command(
                "webhook:add",
                "Tell a receiver what happens to findings from now on.",
                more="The secret that signs messages is read from standard input, or asked for.",
                example="reedbed webhook add desk https://desk.example/in < secret.txt",
            ),
            "list": Command(
                "webhook:list_all",
                "List the webhooks, and what is in the outbox of each.",
                example="reedbed webhook list",
            ),
            "test": Command(
                "webhook:try_out",
                "Send a receiver a signed message of the type `ping`.",
                example="reedbed webhook test desk",
            ),
            "remove": Command(
                "webhook:remove",
                "Tell a receiver no more; what waits for it is forgotten.",
                example="reedbed webhook remove desk --yes",
            ),
        },
    ),
    "secrets": Noun(
        "The key that encrypts credentials.",
        {
            "rotate": Command(
                "secrets:rotate",
                "Encrypt every credential with a new key, and forget the old one.",
                more=(
                    "With a key file this makes the new key itself. With REEDBED_SECRET_KEY or a "
                    "keychain, first put the new key before the old one, with a comma between; afterwards"
                    " take the old one away."
                ),
                example="reedbed secrets rotate",
            ),
        },
    ),
}

ALONE = {
    "assets": Command(
        "inventory.lists:assets",
        "List images and repositories that a query asks for.",
        more="Without a query those that are there. See docs/query-language.md.",
        example="reedbed assets 'inventory:(source:\"JFrog\")'",
    ),
    "images": Command(
        "inventory.lists:images",
        "List images that a query asks for.",
        example="reedbed images 'container.tag:latest AND finding:(severity:critical)' --sort critical",
    ),
    "repositories": Command(
        "inventory.lists:repositories",
        "List repositories that a query asks for.",
        example="reedbed repositories 'repository.xrayIndexed:false'",
    ),
    "components": Command(
        "inventory.lists:components",
        "List the components that something is known to be wrong with.",
        more="The query is one of findings; without one all that are open and in scope.",
        example="reedbed components 'finding.severity>=high'",
    ),
    "findings": Command(
        "inventory.lists:findings",
        "List findings that a query asks for, or count them by one thing.",
        more="Without a query those that are open and in scope. See docs/query-language.md.",
        example="reedbed findings 'findings.severity:critical' --group-by component",
    ),
    "coverage": Command(
        "inventory.lists:coverage",
        "Count images by how far Xray's look at them came.",
        more="Only `scanned` proves anything by its silence.",
        example="reedbed coverage 'container.repository:docker-local'",
    ),
    "runs": Command(
        "inventory.runs:runs",
        "List the runs of connections, what each did and how it ended.",
        example="reedbed runs prod --limit 5 --json",
    ),
    "image": Command(
        "inventory.one:image",
        "Show an image: its tags, its findings, and why it has none.",
        example="reedbed image docker-local/team/app:latest",
    ),
    "fixes": Command(
        "fixes:fixes",
        "Rank the upgrades that remove findings, those first that remove most.",
        more="By the order of each ecosystem's versions, where it is known here.",
        example="reedbed fixes 'finding.severity>=high' --limit 10",
    ),
    "why": Command(
        "why:why",
        "Say who flags a release, whether it is meant, what blocks it, who has it, and what to do.",
        more="Exits 1 when nothing is known of it.",
        example="reedbed why npm:axios@1.14.1 --live",
    ),
    "settings": Command(
        "settings:settings",
        "Show every setting and its value. Passwords in addresses are left out.",
        example="reedbed settings --set intel.max_blocks=100",
    ),
    "demo": Command(
        "demo.command:demo",
        "Show both jobs on stand-in platforms.",
        more=(
            "Plan, hold, push, enforce, block, free, survive a kill; then read 200 images, ask, mend, "
            "export. Needs no network and no JFrog; uses npm, pip and go of this machine. Exits 0 only if "
            "every claim held."
        ),
        example="reedbed demo --once",
    ),
}
"""Commands without a noun."""
