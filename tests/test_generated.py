"""What is generated from the registry is up to date."""

from pathlib import Path

import pytest
from helpers.readme import PAGES, STUB, STUDIO, stub, studio, updated


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_the_table_of_methods_is_that_of_the_registry(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert text == updated(text), "run `make readme`"


def test_studio_has_a_factory_for_every_method() -> None:
    assert STUDIO.read_text(encoding="utf-8") == studio(), "run `make readme`"


def test_type_checkers_know_every_public_name() -> None:
    assert STUB.read_text(encoding="utf-8") == stub(), "run `make readme`"
