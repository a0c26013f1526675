"""Runs real package clients as children, each with a clean home and no setting of this machine."""

import asyncio
import os
import sys
from pathlib import Path

import msgspec

from jfrog_standin.server import Running

VENV = Path(sys.executable).parent


class Ran(msgspec.Struct, frozen=True, kw_only=True):
    code: int
    out: str  # what it printed, stdout and stderr together


async def run(*command: str | Path, env: dict[str, str], cwd: Path, timeout_s: float = 180) -> Ran:
    """Run a child to its end; one that takes too long is ended and fails the test."""
    child = await asyncio.create_subprocess_exec(
        *command,
        env=env,
        cwd=cwd,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        out, _ = await asyncio.wait_for(child.communicate(), timeout_s)
    except TimeoutError:
        child.kill()
        await child.wait()
        raise
    return Ran(code=child.returncode or 0, out=out.decode(errors="replace"))


def npm_env(standin: Running, home: Path, repo: str = "npm") -> dict[str, str]:
    """For npm: a registry of the stand-in, its CA, and its administrator's token in .npmrc."""
    registry = f"{standin.url}/artifactory/api/npm/{repo}/"
    npmrc = home / ".npmrc"
    npmrc.write_text(f"{registry.partition(':')[2]}:_authToken={standin.admin_token}\n")
    (home / "package.json").write_text('{"name": "project", "version": "1.0.0"}')
    return _clean(home) | {
        "npm_config_registry": registry,
        "npm_config_cafile": str(standin.ca_path),
        "npm_config_userconfig": str(npmrc),
        "npm_config_globalconfig": str(home / "no-such-npmrc"),
        "npm_config_cache": str(home / "npm-cache"),
        "npm_config_fetch_retries": "0",
        "npm_config_update_notifier": "false",
        "npm_config_fund": "false",
    }


def pip_env(standin: Running, home: Path, repo: str = "pypi") -> dict[str, str]:
    """For pip: an index of the stand-in, its CA, and the token in the index's URL, as users have it."""
    return _clean(home) | {
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_INDEX_URL": f"{with_token(standin)}/artifactory/api/pypi/{repo}/simple",
        "PIP_CERT": str(standin.ca_path),
        "PIP_NO_CACHE_DIR": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_RETRIES": "0",
        "PIP_NO_INPUT": "1",
    }


def uv_env(standin: Running, home: Path, repo: str = "pypi") -> dict[str, str]:
    return _clean(home) | {
        "UV_NO_CONFIG": "1",
        "UV_CACHE_DIR": str(home / "uv-cache"),
        "UV_DEFAULT_INDEX": f"{with_token(standin)}/artifactory/api/pypi/{repo}/simple",
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_PYTHON": sys.executable,
        "SSL_CERT_FILE": str(standin.ca_path),
        "UV_HTTP_RETRIES": "0",
    }


def go_env(standin: Running, home: Path, repo: str = "go") -> dict[str, str]:
    """For go: the stand-in as the only proxy, and no checksum database."""
    return _clean(home) | {
        "GOPROXY": f"{with_token(standin)}/artifactory/api/go/{repo}",
        "GONOSUMDB": "*",
        "GOFLAGS": "-mod=mod -modcacherw",
        "GOMODCACHE": str(home / "go-modules"),
        "GOCACHE": str(home / "go-cache"),
        "GOPATH": str(home / "go"),
        "GOENV": "off",
        "GOTOOLCHAIN": "local",
        "SSL_CERT_FILE": str(standin.ca_path),
    }


def regctl_env(standin: Running, home: Path, **host: object) -> dict[str, str]:
    """For regctl: the stand-in's CA and its administrator's password; `host` adds to its settings of it."""
    name = standin.url.partition("//")[2]
    assert standin.ca_path is not None
    settings = {
        "tls": "enabled",
        "regcert": standin.ca_path.read_text(),
        "user": "admin",
        "pass": "password",
        **host,
    }
    config = home / "regctl.json"
    config.write_bytes(msgspec.json.encode({"hosts": {name: settings}}))
    return _clean(home) | {"REGCTL_CONFIG": str(config)}


def with_token(standin: Running) -> str:
    """The stand-in's URL with its administrator's token in it, as pip and go are given credentials."""
    return standin.url.replace("://", f"://admin:{standin.admin_token}@")


def _clean(home: Path) -> dict[str, str]:
    """Nothing of this machine's environment but where programs are found."""
    return {"PATH": os.pathsep.join((str(VENV), os.environ["PATH"])), "HOME": str(home), "LC_ALL": "C.UTF-8"}
