"""One description, as far as suggestions look at it."""

from functools import cached_property

from catalog.domain.description import Statement
from catalog.domain.fields import Field
from catalog.domain.reading import ADDED, Reading, beside
from catalog.domain.report import Finding, Suggestion
from catalog.domain.suggesting.examples import Example, example_in, properties_in
from catalog.domain.suggesting.knowledge import Knowledge
from catalog.domain.suggesting.nearest import Meant
from catalog.domain.suggesting.texts import Text


class Case:
    """A description whose findings are to be settled.

    known      what vocabularies and shapes tell
    text       how suggestions are written into the description
    item_type  the item type by which it was judged
    """

    def __init__(
        self, known: Knowledge, reading: Reading, text: Text, item_type: str | None
    ) -> None:
        self.known = known
        self.reading = reading
        self.text = text
        self.item_type = item_type

    def statement(self, origin: int, finding: Finding) -> Statement | None:
        """Return the statement that a finding is about, if the text has it."""
        for statement in self.by_origin.get(origin, ()):
            subject, predicate, value = statement
            if (
                predicate[1:-1] == finding.path
                and beside(self.reading.item, value) == finding.value
                and beside(self.reading.item, subject) == finding.focus_node
            ):
                return statement
        return None

    @cached_property
    def by_origin(self) -> dict[int, list[Statement]]:
        """Number of a statement of the parser to what was made of it."""
        found: dict[int, list[Statement]] = {}
        for origin, statement in zip(self.reading.origins, self.reading.statements, strict=True):
            if origin != ADDED:
                found.setdefault(origin, []).append(statement)
        return found

    @cached_property
    def rows(self) -> dict[str, list[tuple[str, str]]]:
        """Subject to what is said about it, as pairs of terms."""
        found: dict[str, list[tuple[str, str]]] = {}
        for subject, predicate, value in self.reading.statements:
            found.setdefault(subject, []).append((predicate, value))
        return found

    def node(self, finding: Finding) -> str:
        """Return the thing that a finding is about, as a term of the reading."""
        name = finding.focus_node
        item = self.reading.item
        if name == "<>":
            return f"<{item}>"
        return f"<{item}{name[1:-1]}>" if name.startswith("<#") else name

    def example(self, finding: Finding, field: Field | None) -> Example | None:
        """Return the example of a shape, else that of a field which its path names as well."""
        beside_it = (*self.known.examples.fields_beside(finding.shape or ""), *self.fields)
        own = example_in(finding.help or "", finding.path or "")
        if own is not None:
            return self.known.examples.whole(own, (field, *beside_it) if field else beside_it)
        for one in properties_in(finding.path or ""):
            for other in beside_it:
                if other.path == one and (found := self.known.examples.of(other)) is not None:
                    return found
        return None

    def concept(self, origin: int, finding: Finding, meant: Meant) -> Suggestion:
        """Return a concept to stand in place of the value, with the change if it is sure."""
        return self.in_place(origin, finding, f"<{meant.iri}>", meant.label, meant.is_sure)

    def in_place(
        self, origin: int, finding: Finding, term: str, label: str, is_sure: bool
    ) -> Suggestion:
        """Return a term to stand in place of the value, with the change if it is sure."""
        change = self.text.replacement(finding, origin, term) if is_sure else None
        return Suggestion(label, self.text.term(term), change.patch if change else None)

    def is_nameless(self, node: str) -> bool:
        """Tell whether a thing, as a term, is a blank node in the text."""
        origins = [
            origin
            for origin, statements in self.by_origin.items()
            for subject, _, _ in statements
            if subject == node
        ]
        return any(self.reading.parsed.lines[origin][:1] == "_" for origin in origins[:1])

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """The fields of the item type by which the description was judged."""
        return self.known.fields(self.item_type) if self.item_type else ()
