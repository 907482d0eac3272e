"""Why a proposal is refused: each trouble with its field, its rule, and what stands in the way."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from catalog.domain.errors import NotAcceptable
from catalog.domain.proposing.blocks import VocabularyFile
from catalog.domain.schemes import Concept, Vocabularies


@dataclass(frozen=True, slots=True)
class Trouble:
    """One reason to refuse a proposal.

    name     the field, as JSON and forms call it
    concept  the IRI of the concept that stands in the way, with the file and line that describe it
    """

    name: str
    rule: str
    message: str
    concept: str | None = None
    file: str | None = None
    line: int | None = None

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> "Trouble":
        """Return what `to_dict` told."""
        return cls(
            said["field"],
            said["rule"],
            said["message"],
            said.get("concept"),
            said.get("file"),
            said.get("line"),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON; what is not known is absent."""
        said = {
            "field": self.name,
            "rule": self.rule,
            "message": self.message,
            "concept": self.concept,
            "file": self.file,
            "line": self.line,
        }
        return {name: value for name, value in said.items() if value is not None}


def refused(troubles: Iterable[Trouble]) -> NotAcceptable:
    """Return the error for troubles, of which there is at least one."""
    found = list(troubles)
    more = f" And {len(found) - 1} more." if len(found) > 1 else ""
    return NotAcceptable(f"{found[0].message}{more}", errors=[one.to_dict() for one in found])


class Troubles:
    """Troubles as they gather, so that all are told at once."""

    def __init__(self, vocabularies: Vocabularies) -> None:
        self.found: list[Trouble] = []
        self._vocabularies = vocabularies

    def tell(self, name: str, rule: str, message: str, concept: str | None = None) -> None:
        """Note a trouble.

        concept  the IRI of the concept that stands in the way
        """
        file, line = place_of(concept, self._vocabularies) if concept else (None, None)
        self.found.append(Trouble(name, rule, message, concept, file, line))

    def tell_in_use(self, name: str, rule: str, message: str, known: Concept) -> None:
        """Note that another concept has what was asked for."""
        notation = f" ({known.notation})" if known.notation else ""
        self.tell(name, rule, f"{message}, by {known.label}{notation}.", known.iri)

    def tell_missing(self, name: str, rule: str) -> None:
        """Note that a value is needed, unless one was given and something is wrong with it."""
        if not any(trouble.name == name for trouble in self.found):
            self.tell(name, rule, "This is needed of every term.")


def place_of(iri: str, vocabularies: Vocabularies) -> tuple[str | None, int | None]:
    """Return the file that describes a concept, and the line, from 1, at which it begins to."""
    scheme = vocabularies.scheme_of(iri)
    text = vocabularies.file(scheme) if scheme else None
    if scheme is None or text is None:
        return None, None
    file = VocabularyFile(file_of(scheme), text)
    start = file.starts.get(iri)
    return file.path, None if start is None else start + 1


def file_of(scheme: str) -> str:
    """Return the path of a vocabulary's file in a checkout."""
    return f"vocab/{scheme}.ttl"
