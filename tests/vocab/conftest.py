"""Tests that ask for `scheme` run once for each file of `vocab/`."""

import pytest

from tests.vocab.reading import Vocabulary, vocabularies


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that asks for `scheme` once for each file."""
    if "scheme" in metafunc.fixturenames:
        known = vocabularies()
        metafunc.parametrize("scheme", known, ids=[v.name for v in known])


@pytest.fixture
def all_schemes() -> tuple[Vocabulary, ...]:
    return vocabularies()
