"""How a suggestion is spelled in the text at hand, and where a change of it would stand.

Turtle and N-Triples are written by the prefixes that the text declares, JSON-LD by the names of its
context. A change is proposed only where what stands in its place is, read by itself, the very
term that it is about.
"""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from catalog.domain.fixing import Change
from catalog.domain.parsing import JSON_LD, N_TRIPLES
from catalog.domain.reading import Reading
from catalog.domain.report import Finding
from catalog.domain.suggesting.examples import Example
from catalog.domain.suggesting.json_text import JsonText
from catalog.domain.suggesting.turtle_text import NTriplesText, TurtleText


class Text(Protocol):
    """A text that was read, as far as suggestions are written into it.

    to_add  what is called what `added` returns
    """

    to_add: str

    def term(self, term: str) -> str:
        """Return a term as it can be pasted into the text; IRIs in full."""
        ...

    def added(self, example: Example) -> str:
        """Return what to add to the text, so that it says the example about its subject."""
        ...

    def value(self, example: Example) -> str:
        """Return the part that an example is about, as it can stand in place of another value."""
        ...

    def replacement(self, finding: Finding, origin: int, term: str) -> Change | None:
        """Return the change by which the value of a statement becomes another term.

        origin  the number of the statement at which the finding points
        """
        ...

    def renamed(self, finding: Finding, origin: int, predicate: str) -> Change | None:
        """Return the change by which the property of a statement becomes another."""
        ...


def text_of(reading: Reading, context: Callable[[], Mapping[str, Any]]) -> Text:
    """Return the text of a reading, by its format.

    context  gives the catalog's own JSON-LD context
    """
    if reading.parsed.format == JSON_LD:
        return JsonText(reading, context())
    if reading.parsed.format == N_TRIPLES:
        return NTriplesText(reading)
    return TurtleText(reading)
