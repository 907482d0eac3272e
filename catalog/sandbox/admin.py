"""How a test or an operator reaches a running registrar's faults and journal: over HTTP."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.request import Request, urlopen

Object = dict[str, Any]


class Admin:
    """The faults, the journal and the DOIs of a registrar on this machine.

    address  of the registrar, with its slash at the end
    """

    def __init__(self, address: str) -> None:
        self._address = f"{address}sandbox/"

    def set_faults(self, *faults: Mapping[str, Any]) -> None:
        """Put faults in force in place of all before; see `catalog.sandbox.faults.Fault`."""
        self._ask("PUT", "faults", list(faults))

    def clear_faults(self) -> None:
        """Have no faults any more."""
        self._ask("DELETE", "faults")

    def faults(self) -> list[Object]:
        """Return the faults in force, with how often each has happened."""
        return self._list("faults")

    def journal(self, since: int = 0) -> list[Object]:
        """Return the requests after that of an id, oldest first."""
        return self._list(f"journal?since={since}")

    def clear_journal(self) -> None:
        """Forget the requests so far."""
        self._ask("DELETE", "journal")

    def dois(self) -> list[Object]:
        """Return every DOI with its state, repository and address, by name."""
        return self._list("dois")

    def _list(self, name: str) -> list[Object]:
        found: list[Object] = self._ask("GET", name)
        return found

    def _ask(self, method: str, name: str, body: Any = None) -> Any:
        content = None if body is None else json.dumps(body).encode()
        request = Request(self._address + name, content, method=method)  # noqa: S310 - our own
        with urlopen(request, timeout=30) as answer:  # noqa: S310
            said = answer.read()
        return json.loads(said) if said else None
