from pathlib import Path
from typing import get_args

import pytest

from jfrog_standin.faults import Kind
from jfrog_standin.settings import Certificate, Switches

PAGE = Path(__file__).parents[2] / "docs" / "standin.md"


@pytest.mark.parametrize("name", [*Switches.__struct_fields__, *get_args(Kind), *get_args(Certificate)])
def test_every_switch_fault_and_certificate_is_on_the_page(name: str) -> None:
    if name == "valid":
        return  # the default needs no telling

    assert f"`{name}`" in PAGE.read_text() or f" {name}`" in PAGE.read_text()
