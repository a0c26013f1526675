"""Every setting of the program: one typed value from flags, `REEDBED_*` variables and a TOML file.

A flag beats a variable, a variable beats the file, the file beats the default. An unknown key or variable
is an error that names the nearest known one: a misspelled limit must not quietly be no limit.
"""

import difflib
import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
import platformdirs
from msgspec import Meta

from reedbed.errors import SettingsError
from reedbed.feeds.login_settings import Login
from reedbed.feeds.settings import FeedSettings
from reedbed.inventory.connection.hook_settings import Hooks
from reedbed.inventory.findings.enrich_settings import Enrich
from reedbed.inventory.findings.score import Weights
from reedbed.inventory.run.keep_settings import Keep

SECRET_VARIABLES = {
    "REEDBED_SECRET_KEY": "the key that encrypts credentials at rest, instead of a key file",
    "REEDBED_TOKEN": "the access token for `platform add` and `platform rotate`, instead of standard input",
}
VENDOR_VARIABLES = {
    "SAFEDEP_API_KEY": "the API key of SafeDep's feed; with `SAFEDEP_TENANT_ID` it beats a stored profile",
    "SAFEDEP_TENANT_ID": "the tenant at SafeDep: `acme.safedep.io`",
    "SAFEDEP_PROFILE": "the profile of `reedbed auth` and `reedbed integration`; without it `default`",
    "SAFEDEP_INTEGRATION_JFROG_ARTIFACTORY_URL": "`--instance-url` of `reedbed integration jfrog run`",
    "SAFEDEP_INTEGRATION_JFROG_ARTIFACTORY_ACCESS_TOKEN": "`--instance-access-token` of the same",
}
"""The variables of SafeDep's own daemon, which mean the same here."""

CONFIG_VARIABLE = "REEDBED_CONFIG"

Count = Annotated[int, Meta(ge=0)]
Seconds = Annotated[float, Meta(gt=0)]


class Log(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    level: Annotated[
        Literal["debug", "info", "warning", "error"], Meta(description="The least severe event to write.")
    ] = "info"
    format: Annotated[
        Literal["auto", "human", "json"],
        Meta(description="`auto`: for people on a terminal, JSON lines elsewhere."),
    ] = "auto"


class Health(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    listen: Annotated[
        str,
        Meta(
            description="host:port of `/healthz`, `/readyz` and `/metrics` of the daemon; empty: no listener."
        ),
    ] = "127.0.0.1:9464"


class Intel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    interval_s: Annotated[Seconds, Meta(description="Seconds between two runs of the daemon.")] = 300.0
    allow_list: Annotated[
        tuple[str, ...],
        Meta(description="Packages (purls, `*` allowed) that are never blocked before a person has agreed."),
    ] = ()
    max_blocks: Annotated[
        Count, Meta(description="New or wider blocks in one run, above which all of them are held.")
    ] = 500
    max_unblocks: Annotated[
        Count, Meta(description="Packages freed in one run, above which all of them are held.")
    ] = 50
    ask_in_use: Annotated[
        bool,
        Meta(description="Hold a block of an interval over releases that people fetch; needs Artifactory."),
    ] = True
    in_use_downloads: Annotated[
        Count,
        Meta(description="Downloads of a release from which on a block of an interval over it is held."),
    ] = 1
    window_days: Annotated[
        Count,
        Meta(
            description="Days back from now within which an OSV record is recent and pushed unasked; older "
            "packages are, where Artifactory has them or after `intel backfill`. 0: all."
        ),
    ] = 90
    proof_days: Annotated[
        Count, Meta(description="Days after which a proof that a repository blocks is too old to count.")
    ] = 30
    hunt_interval_s: Annotated[
        float,
        Meta(
            ge=0,
            description="Seconds between two hunts of the daemon for flagged releases in Artifactory; "
            "0: none.",
        ),
    ] = 86_400.0
    hunt_xray: Annotated[
        bool,
        Meta(
            description="Have the daemon's hunts ask Xray too what is inside images and archives: a request "
            "for each relevant package."
        ),
    ] = False
    suspicious_feeds: Annotated[
        tuple[str, ...], Meta(description="Feeds whose merely suspicious packages are blocked too.")
    ] = ()
    automated_feeds: Annotated[
        tuple[str, ...], Meta(description="Feeds whose findings are blocked before a person verified them.")
    ] = ()


class Xray(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    issue_kind: Annotated[
        int,
        Meta(
            description="`issue_kind` of custom issues. That 1 marks malware is reported, not documented: "
            "`intel enforce` looks at the effect."
        ),
    ] = 1
    malicious_flag: Annotated[
        bool, Meta(description="Send `malicious_package: true` too; whether Xray takes it is undocumented.")
    ] = False
    provider: Annotated[str, Meta(description="The provider that custom issues name; never `JFrog`.")] = (
        "Reedbed"
    )
    go_prefix: Annotated[
        Literal["both", "v", "none"],
        Meta(description="Go versions with `v`, without, or both: what Xray matches is undocumented."),
    ] = "both"
    pypi_original_spelling: Annotated[
        bool,
        Meta(description="Name PyPI packages also as the feed spelled them, beside the normalised name."),
    ] = False
    link_base: Annotated[
        str,
        Meta(description="Where people can ask why a package is blocked; shown in each issue."),
    ] = ""


class Worker(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    id: Annotated[
        str,
        Meta(description="Name of this daemon among several; stable over restarts. Empty: the host's name."),
    ] = ""
    engine_database: Annotated[
        str,
        Meta(description="URL of the engine's state. Empty: beside the database, or in it on PostgreSQL."),
    ] = ""


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    data_dir: Annotated[
        str,
        Meta(description="Folder of the embedded database. Empty: the system's folder for application data."),
    ] = ""
    database: Annotated[
        str,
        Meta(description="`postgresql://…` for many machines. Empty: an SQLite file in `data_dir`."),
    ] = ""
    secret_key_file: Annotated[
        str,
        Meta(description="File with the key of all credentials. Empty: the keychain, else an own file."),
    ] = ""
    log: Log = Log()
    health: Health = Health()
    hooks: Hooks = Hooks()
    intel: Intel = Intel()
    xray: Xray = Xray()
    worker: Worker = Worker()
    safedep: Login = Login()
    score: Weights = Weights()
    enrich: Enrich = Enrich()
    inventory: Keep = Keep()
    feeds: Annotated[
        tuple[FeedSettings, ...], Meta(description="The feeds, a `[[feeds]]` table each: see docs/feeds.md.")
    ] = ()

    def __repr__(self) -> str:  # `database` may hold a password
        return "Settings(…)"

    @property
    def data_path(self) -> Path:
        return Path(self.data_dir) if self.data_dir else Path(platformdirs.user_data_path("reedbed"))

    @property
    def database_url(self) -> str:
        return self.database or f"sqlite:///{self.data_path / 'reedbed.db'}"


class Documented(msgspec.Struct, frozen=True):
    """One line of the reference: where a setting is set, and what it means."""

    path: str
    type: str
    default: str
    meaning: str

    @property
    def variable(self) -> str:
        return "REEDBED_" + self.path.replace(".", "_").upper()


def load(
    file: Path | None = None,
    *,
    environ: Mapping[str, str] = os.environ,
    flags: Mapping[str, str] | None = None,
    defaults: Mapping[str, str] | None = None,
) -> Settings:
    """Read the settings.

    `file` defaults to `REEDBED_CONFIG`, then to `reedbed.toml` in the system's configuration folder, where
    there is one. `flags` maps dotted paths (`intel.max_blocks`) to text, and so do `defaults`, which are a
    command's own and are beaten by everything else.

    Raises:
        SettingsError: a file is missing or no TOML, a name is unknown, or a value is not of its type.
    """
    origin: dict[str, str] = {}
    tree = _from_file(_file(file, environ), origin)
    _overlay(tree, _from_environment(environ), origin)
    _overlay(tree, {f"--set {path}": (path, text) for path, text in (flags or {}).items()}, origin)
    _overlay(tree, {path: (path, text) for path, text in (defaults or {}).items() if not _in(tree, path)}, {})
    _check_names(tree, Settings, "", origin)
    try:
        return msgspec.convert(tree, Settings, strict=False)
    except msgspec.ValidationError as error:
        raise _wrong_value(error, origin) from None  # the cause could quote a secret


def documented(struct: type[msgspec.Struct] = Settings, prefix: str = "") -> Iterator[Documented]:
    """List every setting with its type, default and meaning, in the order of the file."""
    hints = get_type_hints(struct, include_extras=True)
    for field in msgspec.structs.fields(struct):
        kind, meaning = _unwrapped(hints[field.name])
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
            yield from documented(kind, f"{prefix}{field.name}.")
        else:
            default = msgspec.json.encode(field.default).decode()
            yield Documented(prefix + field.name, _type_name(kind), default, meaning)


def _file(given: Path | None, environ: Mapping[str, str]) -> Path | None:
    if given or environ.get(CONFIG_VARIABLE):
        return given or Path(environ[CONFIG_VARIABLE])
    usual = Path(platformdirs.user_config_path("reedbed")) / "reedbed.toml"
    return usual if usual.exists() else None


def _from_file(file: Path | None, origin: dict[str, str]) -> dict[str, Any]:
    if file is None:
        return {}
    try:
        tree = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"Could not read the settings file {file}",
            why=str(error),
            fix="Give a readable file with --config, or none.",
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(
            f"The settings file {file} is not TOML", why=str(error), fix="Mend the line that is named."
        ) from error
    origin[""] = str(file)
    return tree


def _from_environment(environ: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    paths = {each.variable: each.path for each in documented()}
    found = {}
    for name, text in environ.items():
        if name.startswith("REEDBED_") and name not in SECRET_VARIABLES and name != CONFIG_VARIABLE:
            if name not in paths:
                known = [*paths, *SECRET_VARIABLES, CONFIG_VARIABLE]
                raise _unknown("variable", name, known, "the environment")
            found[name] = (paths[name], text)
    return found


def _overlay(tree: dict[str, Any], given: Mapping[str, tuple[str, str]], origin: dict[str, str]) -> None:
    kinds = {each.path: each.type for each in documented()}
    for source, (path, text) in given.items():
        if path not in kinds:
            raise _unknown("setting", path, list(kinds), source)
        *sections, name = path.split(".")
        branch = tree
        for section in sections:
            branch = branch.setdefault(section, {})
        branch[name] = _listed(text, source) if kinds[path].startswith("list") else text
        origin[path] = source


def _in(tree: Any, path: str) -> bool:
    *sections, name = path.split(".")
    for section in sections:
        tree = tree.get(section, {}) if isinstance(tree, dict) else tree
    return not isinstance(tree, dict) or name in tree  # what is no table is told of later


def _listed(text: str, source: str) -> Any:
    if not text.lstrip().startswith("["):
        return [item.strip() for item in text.split(",") if item.strip()]
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise SettingsError(
            f"{source} is not a list", why=str(error), fix='Write a,b or ["a","b"].'
        ) from error


def _check_names(
    tree: Mapping[str, Any], struct: type[msgspec.Struct], prefix: str, origin: Mapping[str, str]
) -> None:
    hints = get_type_hints(struct, include_extras=True)
    for name, value in tree.items():
        if name not in hints:
            known = [prefix + each for each in hints]
            raise _unknown("setting", prefix + name, known, origin.get("", "the settings"))
        kind, _ = _unwrapped(hints[name])
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct) and isinstance(value, dict):
            _check_names(value, kind, f"{prefix}{name}.", origin)


def _unknown(what: str, name: str, known: list[str], where: str) -> SettingsError:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return SettingsError(
        f"There is no {what} {name}",
        why=f"{where} sets it, and Reedbed does not know it.",
        fix=f"Did you mean {near[0]}?" if near else "See docs/reference/settings.md for all of them.",
    )


def _wrong_value(error: msgspec.ValidationError, origin: Mapping[str, str]) -> SettingsError:
    message, _, path = str(error).partition(" - at `$.")
    path = path.rstrip("`")
    where = origin.get(path, origin.get("", "the settings"))
    return SettingsError(
        f"The setting {path or 'file'} has a wrong value", why=f"{message} ({where}).", fix="Mend the value."
    )


def _unwrapped(hint: Any) -> tuple[Any, str]:
    meaning = ""
    while get_origin(hint) is Annotated:
        kind, *metas = get_args(hint)
        meaning = next((m.description for m in metas if isinstance(m, Meta) and m.description), meaning)
        hint = kind
    return hint, meaning


def _type_name(kind: Any) -> str:
    if get_origin(kind) is Literal:
        return " or ".join(f"`{each}`" for each in get_args(kind))
    if get_origin(kind) is tuple:
        item, _ = _unwrapped(get_args(kind)[0])
        return f"list of {_type_name(item)}"
    if get_origin(kind) in {Union, UnionType}:
        return "table"
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return "table"
    return {"str": "text", "int": "whole number", "float": "number", "bool": "yes or no"}[kind.__name__]
