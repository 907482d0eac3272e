"""A registrar with two repositories, and somebody who asks it over HTTP."""

from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
import requests

from catalog.kernel4 import NAMESPACE
from catalog.sandbox import DEFAULT, Repository, Running, running

Object = dict[str, Any]

OTHER = Repository("SAGE.OTHER", "secret", ("10.70000", "10.70001"), ("example.org", "*.anl.gov"))
COMPLETE: Object = {
    "url": "https://example.org/items/a",
    "creators": [{"name": "Lovelace, Ada", "givenName": "Ada", "familyName": "Lovelace"}],
    "titles": [{"title": "Snow on the camera"}],
    "publisher": "Sage",
    "publicationYear": 2026,
    "types": {"resourceTypeGeneral": "Dataset", "resourceType": "Training data"},
    "schemaVersion": NAMESPACE,
}
PUBLISHED = COMPLETE | {"event": "publish"}


class Asker:
    """Somebody who speaks HTTP with a registrar.

    repository  whose credentials go along; None for nobody's
    """

    def __init__(self, registrar: Running, repository: Repository | None) -> None:
        self.registrar = registrar
        self._auth = (repository.id, repository.password) if repository else None

    def ask(self, method: str, path: str, attributes: Any = None, **more: Any) -> requests.Response:
        """Send a request; with attributes, in the envelope of JSON:API."""
        body = {} if attributes is None else {"json": {"data": {"attributes": attributes}}}
        options = {"auth": self._auth, "timeout": 10, "allow_redirects": False} | body | more
        return requests.request(method, self.registrar.address + path.lstrip("/"), **options)

    def put(self, doi: str, attributes: Any = None, **changed: Any) -> requests.Response:
        """PUT attributes, or what makes a findable DOI, with some changed."""
        said = (PUBLISHED if attributes is None else attributes) | changed
        return self.ask("PUT", f"dois/{doi}", said)

    def get(self, path: str, **more: Any) -> requests.Response:
        """GET a path."""
        return self.ask("GET", path, **more)

    def seen(self, doi: str, query: str = "") -> Object:
        """Return the attributes of a DOI that is there to be seen."""
        answer = self.get(f"dois/{doi}{query}")
        assert answer.status_code == 200, answer.text
        attributes: Object = answer.json()["data"]["attributes"]
        return attributes


@pytest.fixture(scope="session")
def registrar(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Run a registrar for all tests; each takes DOIs of its own."""
    folder = tmp_path_factory.mktemp("registrar")
    with running(folder, repositories=(DEFAULT, OTHER)) as started:
        yield started


@pytest.fixture
def sage(registrar: Running) -> Asker:
    """Return the repository SAGE.SANDBOX, to which prefix 10.5072 belongs."""
    return Asker(registrar, DEFAULT)


@pytest.fixture
def other(registrar: Running) -> Asker:
    """Return the repository SAGE.OTHER, whose DOIs may lead to some hosts only."""
    return Asker(registrar, OTHER)


@pytest.fixture
def anybody(registrar: Running) -> Asker:
    """Return somebody without credentials."""
    return Asker(registrar, None)


_NUMBERS = count()


@pytest.fixture
def doi() -> str:
    """Return a DOI that nobody has yet."""
    return f"10.5072/sage.t{next(_NUMBERS)}"
