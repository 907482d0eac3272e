"""What is worked out once about vocabularies and shapes, for all suggestions."""

from functools import cached_property, lru_cache

from catalog.domain.fields import Field, Shapes
from catalog.domain.schemes import Vocabularies
from catalog.domain.suggesting.examples import Examples, properties_in
from catalog.domain.suggesting.nearest import Nearest
from catalog.domain.suggesting.ontology import OntologyTerms


@lru_cache(maxsize=8)
def knowledge_of(vocabularies: Vocabularies, shapes: Shapes) -> "Knowledge":
    """Return what suggestions know about vocabularies and shapes; kept for the last few."""
    return Knowledge(vocabularies, shapes)


class Knowledge:
    """What is worked out once about vocabularies and shapes."""

    def __init__(self, vocabularies: Vocabularies, shapes: Shapes) -> None:
        self.shapes = shapes
        self.nearest = Nearest(vocabularies)
        self.examples = Examples(shapes)
        self._properties: dict[str, OntologyTerms] = {}
        self._fields: dict[str, tuple[Field, ...]] = {}

    def properties(self, item_type: str) -> OntologyTerms:
        """Return the properties that an item type knows, to be found by mistyped ones."""
        if item_type not in self._properties:
            words = self.shapes.words(item_type)
            self._properties[item_type] = OntologyTerms(
                {iri: words.names.get(iri) for iri in words.paths}
            )
        return self._properties[item_type]

    def fields(self, item_type: str) -> tuple[Field, ...]:
        """Return the fields of an item type, kept once they were asked for."""
        if item_type not in self._fields:
            self._fields[item_type] = self.shapes.fields(item_type)
        return self._fields[item_type]

    @cached_property
    def part_labels(self) -> dict[str, str]:
        """Class of a part, as a term, to what such a part is called."""
        return {
            kind: label
            for shape, kind in self.examples.classes.items()
            if (label := self.shapes.label(shape))
        }

    @cached_property
    def classes(self) -> OntologyTerms:
        """The classes that decide of what type an item is."""
        types = self.shapes.item_types.items()
        return OntologyTerms({f"<{iri}>": self.shapes.label(iri) or name for name, iri in types})

    @cached_property
    def used_by(self) -> dict[str, frozenset[str]]:
        """The deciding class of each item type, as a term, to the properties of its own fields."""
        return {
            f"<{iri}>": frozenset(
                f"<{one}>"
                for field in self.examples.fields_of(shape)
                for one in properties_in(field.path)
            )
            for shape, kind in self.examples.classes.items()
            for iri in self.shapes.item_types.values()
            if kind == f"<{iri}>"
        }
