"""Reference pages made from the code are those of this code."""

import pytest

from docs.pages import FOLDER, PAGES


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_current(name):
    assert (FOLDER / name).read_text(encoding="utf-8") == PAGES[name](), "run `make schema`"
