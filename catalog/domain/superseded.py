"""Which concepts should not be cited any more, because others stand in their place."""

from functools import lru_cache

from catalog.domain.identifiers import VOCAB
from catalog.domain.schemes import SKOS, Concept, Vocabularies

_DEPRECATED = "<http://www.w3.org/2002/07/owl#deprecated>"
_EXACT_MATCH = f"<{SKOS}exactMatch>"


@lru_cache(maxsize=20_000)
def superseded(vocabularies: Vocabularies, term: str) -> tuple[str, str] | None:
    """Return why a term should not be cited, if it is such a concept: component and message.

    `deprecated-term` tells of a concept that its scheme has deprecated, `mapped-term` of one of
    ours that stands for a concept with its publisher's name. In the message `{name}` is the
    property.
    """
    row = vocabularies.row(term[1:-1]) if term[0] == "<" else None
    if row is None or (_DEPRECATED not in row and _EXACT_MATCH not in row):
        return None
    concept = vocabularies.concept(term[1:-1])
    if concept is None:
        return None
    if concept.deprecated:
        return (
            "deprecated-term",
            f"{{name}}: {concept.label} is deprecated{_instead(vocabularies, concept)}.",
        )
    published = published_match(vocabularies, concept)
    if published is None:
        return None
    return "mapped-term", (
        f"{{name}}: {concept.label} has a published name, {published.label} <{published.iri}>; "
        "cite that one."
    )


def _instead(vocabularies: Vocabularies, concept: Concept) -> str:
    """Return what to use in place of a deprecated concept, as the end of a sentence."""
    named = [
        f"{found.label} <{iri}>" if (found := vocabularies.concept(iri)) else f"<{iri}>"
        for iri in concept.replaced_by
    ]
    if not named:
        return ", and nothing is named in its place"
    return f"; use {' or '.join(named)}" if len(named) < 4 else f"; use one of {', '.join(named)}"


def published_match(vocabularies: Vocabularies, concept: Concept) -> Concept | None:
    """Return the concept with its publisher's name for which a concept of ours stands.

    None where there is none, or more than one.
    """
    if not concept.iri.startswith(VOCAB):
        return None
    matches = [
        found
        for iri in concept.mappings.get("exactMatch", ())
        if not iri.startswith(VOCAB) and (found := vocabularies.concept(iri))
    ]
    return matches[0] if len(matches) == 1 else None
