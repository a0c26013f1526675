import pytest

from jfrog.platforms import at, impatient
from jfrog_standin.server import Running
from reedbed.errors import Unreadable
from reedbed.jfrog import properties
from reedbed.jfrog.properties import Place
from reedbed.jfrog.session import connect


async def test_a_path_that_leads_elsewhere_is_never_asked_for(standin: Running) -> None:
    async with connect(at(standin), standin.admin_token, patience=impatient()) as jfrog:
        with pytest.raises(Unreadable, match="Could not look at") as caught:
            await properties.checksum(jfrog, Place("npm-local", "reed/../../../access/api/v1/tokens"))

    assert "leads elsewhere" in caught.value.why
    assert standin.platform.log.entries() == []
