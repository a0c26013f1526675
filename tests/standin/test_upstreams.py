from pathlib import Path

import pytest

from jfrog_standin.artifactory.upstreams import NoUpstream, upstream_of


async def npm_registry() -> str:
    try:
        return await upstream_of("npm")
    except NoUpstream as error:
        return str(error)


async def test_the_project_that_a_stand_in_is_started_in_does_not_choose_its_upstream(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await npm_registry()
    (tmp_path / ".npmrc").write_text("registry=http://127.0.0.1:9/the-stand-in-itself/\n")
    monkeypatch.chdir(tmp_path)

    inside = await npm_registry()

    assert inside == before
