"""The vocabularies and shapes of a catalog, read once: all that it knows about meaning."""

from collections.abc import Collection, Iterable, Mapping
from functools import cache, cached_property
from hashlib import sha256
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from catalog.domain.context import context_of
from catalog.domain.engine import Engine, Name, compiled
from catalog.domain.fields import Field, Shapes
from catalog.domain.schemes import Concept, Vocabularies
from catalog.domain.terms.lexicon import Lexicon
from catalog.domain.terms.thesaurus import Thesaurus

_MOST_COMPILED = 128
_MOST_SEEN = 2_000
_A_SERIES = 3
_ALWAYS_GIVEN = frozenset(
    f"<{name}>"
    for name in (
        "http://www.w3.org/1999/02/22-rdf-syntax-ns#type",
        "http://www.w3.org/2000/01/rdf-schema#subClassOf",
        "http://www.w3.org/2004/02/skos/core#inScheme",
        "http://www.w3.org/2004/02/skos/core#broader",
    )
)
"""The properties of what an engine is given beside the description."""


class Library:
    """Vocabularies and shapes, parsed and compiled as far as they are asked for."""

    def __init__(
        self,
        vocabularies: Mapping[str, bytes],
        shapes: Mapping[str, bytes],
        engine: Name | None = None,
    ) -> None:
        """Keep the files, by name without `.ttl`.

        engine  the SHACL engine to judge with; by default the fastest that is installed
        """
        self.vocabularies = Vocabularies(vocabularies)
        self.shapes = Shapes(shapes)
        self._files = {
            **{f"vocab/{name}": text for name, text in vocabularies.items()},
            **{f"shapes/{name}": text for name, text in shapes.items()},
        }
        self._engine = engine
        self._compiled: dict[frozenset[str], Engine] = {}
        self._engines: dict[tuple[str, frozenset[str], frozenset[str]], Engine] = {}
        self._special: dict[tuple[str, frozenset[str], frozenset[str]], Engine] = {}
        self._seen: dict[tuple[str, frozenset[str], frozenset[str]], int] = {}

    @classmethod
    def of_directory(cls, vocab: Path, shapes: Path, engine: Name | None = None) -> "Library":
        """Return the library of two folders of `.ttl` files."""
        return cls(_read(vocab.glob("*.ttl")), _read(shapes.glob("*.ttl")), engine)

    @property
    def files(self) -> Mapping[str, bytes]:
        """Every file as it is, by `vocab/{name}` or `shapes/{name}`."""
        return self._files

    @cached_property
    def version(self) -> str:
        """Twelve hexadecimal digits that change whenever any file does."""
        digest = sha256()
        for name, text in sorted(self._files.items()):
            digest.update(f"{name} {len(text)}\n".encode())
            digest.update(text)
        return digest.hexdigest()[:12]

    @property
    def item_types(self) -> tuple[str, ...]:
        """The names of the item types, sorted."""
        return tuple(self.shapes.item_types)

    def fields(self, item_type: str) -> tuple[Field, ...]:
        """Return the fields of an item type, in the order of forms and pages."""
        return self.shapes.fields(item_type)

    def engine(
        self, item_type: str, classes: Iterable[str] = (), properties: Collection[str] = ()
    ) -> Engine:
        """Return the compiled shapes that apply to a description; see `Shapes.applying`.

        Descriptions of one kind mostly use the same parts, so what was compiled is kept.
        """
        key = (item_type, frozenset(classes), self.shapes.targeted.intersection(properties))
        engine = self._engines.get(key)
        if engine is None:
            engine = self._compiled_for(self.shapes.applying(*key))
            if len(self._engines) >= _MOST_COMPILED:
                self._engines.clear()
            self._engines[key] = engine
        return engine

    def engine_for(
        self, item_type: str, classes: Iterable[str], properties: Collection[str]
    ) -> Engine:
        """Return an engine for descriptions that use just these classes and properties.

        From the third such description on it is one that leaves out what can say nothing about
        them: descriptions that come in series, from one script or form, are judged faster.
        """
        key = (item_type, frozenset(classes), frozenset(properties))
        engine = self._special.get(key)
        if engine is not None:
            return engine
        seen = self._seen[key] = self._seen.get(key, 0) + 1
        if seen < _A_SERIES:
            if len(self._seen) > _MOST_SEEN:
                self._seen.clear()
            return self.engine(item_type, classes, properties)
        if len(self._special) >= _MOST_COMPILED:
            self._special.pop(next(iter(self._special)))
        roots = self.shapes.applying(*key)
        text = self.shapes.compiled_from(roots, key[2] | _ALWAYS_GIVEN)
        engine = self._special[key] = compiled(text, self._engine)
        return engine

    def _compiled_for(self, roots: frozenset[str]) -> Engine:
        engine = self._compiled.get(roots)
        if engine is None:
            if len(self._compiled) >= _MOST_COMPILED:
                self._compiled.pop(next(iter(self._compiled)))
            engine = compiled(self.shapes.compiled_from(roots), self._engine)
            self._compiled[roots] = engine
        return engine

    def term(self, iri: str) -> Concept | None:
        """Return a concept of any vocabulary, if `iri` is one."""
        return self.vocabularies.concept(iri)

    def label(self, iri: str) -> str | None:
        """Return the English name of a concept, scheme, class, property or shape, if it has one."""
        concept = self.vocabularies.concept(iri)
        if concept is not None:
            return concept.label
        return self.shapes.label(iri)

    @cached_property
    def context(self) -> dict[str, Any]:
        """The JSON-LD context that `/context.jsonld` answers, without its outer `@context`."""
        return context_of(self.shapes)

    @cached_property
    def thesaurus(self) -> Thesaurus:
        """The concepts of all schemes as one net: the tree, the alphabet, the labels."""
        return Thesaurus(self.vocabularies)

    @cached_property
    def lexicon(self) -> Lexicon:
        """The search among the concepts of all schemes."""
        return Lexicon(self.vocabularies, self.label)

    def warm(self) -> None:
        """Parse and compile everything now: for a worker that lives long or must be even."""
        for item_type in self.item_types:
            self.engine(item_type)
        self.vocabularies.schemes()

    def make_ready(self) -> None:
        """Prepare now what pages and searches ask for: for a server that answers people."""
        _ = self.context
        self.thesaurus.warm()
        self.lexicon.search("a", limit=1)

    def write_to(self, folder: Path) -> None:
        """Write every file into `vocab/` and `shapes/` of a folder; see `of_directory`."""
        for name, text in self._files.items():
            file = folder / f"{name}.ttl"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(text)


def _read(files: Iterable[Traversable] | Iterable[Path]) -> dict[str, bytes]:
    return {file.name.removesuffix(".ttl"): file.read_bytes() for file in files}


@cache
def library() -> Library:
    """Return the library of the installed packages `vocab` and `shapes`."""
    import shapes
    import vocab

    return Library(_read(vocab.files()), _read(shapes.files()))
