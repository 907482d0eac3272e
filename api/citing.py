"""How an item is cited, from what its description says: in words (APA) and as BibTeX."""

import re
from dataclasses import dataclass

from catalog.domain.description import Description
from catalog.domain.record import ItemRecord

DCT = "http://purl.org/dc/terms/"
FOAF = "http://xmlns.com/foaf/0.1/"
SCHEMA = "https://schema.org/"
_PERSON = f"{FOAF}Person"
_CLASS = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"


@dataclass(frozen=True, slots=True)
class Author:
    """A creator as citations name them; `given` is empty for organisations and single names."""

    family: str
    given: str

    @property
    def with_initials(self) -> str:
        """The name as APA writes it: `Park, S.`"""
        initials = [f"{name[0]}." for name in re.split(r"[\s.]+", self.given) if name]
        return f"{self.family}, {' '.join(initials)}" if initials else self.family


@dataclass(frozen=True, slots=True)
class Citation:
    """A citation in its pieces, so that a page can set the title apart.

    before  the authors and the year; the year alone follows the title where nobody is named
    after   version, kind of thing, publisher and address
    """

    before: str
    title: str
    after: str
    bibtex: str


def cite(
    description: Description,
    record: ItemRecord,
    *,
    title: str,
    kind: str,
    publisher: str,
    address: str,
) -> Citation:
    """Return how the version at hand is cited.

    description  what the person wrote and what the catalog filled in
    kind         the label of the item's type
    address      where a reader finds the item

    Nothing is invented: without a creator the title comes first, and what was never published
    has no year but says that it is a draft.
    """
    named = authors(description)
    year = str(record.published.year) if record.published else "draft"
    version = description.text("http://www.w3.org/ns/dcat#version") or str(record.version)
    pieces = (f"(Version {version}) [{kind}].", _sentence(publisher), address)
    after = " ".join(piece for piece in pieces if piece)
    if named:
        names = [author.with_initials for author in named]
        before = f"{_joined(names)} ({year}). "
    else:
        before, after = "", f"({year}). {after}"
    return Citation(
        before=before,
        title=title,
        after=after,
        bibtex=_bibtex(
            f"sage_{record.id}_v{record.version}",
            {
                "author": " and ".join(_bibtex_name(author) for author in named),
                "title": f"{{{_escaped(title)}}}",
                "year": year if record.published else "",
                "version": _escaped(version),
                "publisher": _escaped(publisher),
                "howpublished": _escaped(kind),
                "url": re.sub(r"[{}\\\s]", "", address),
                "note": "" if record.published else "Draft, not published",
            },
        ),
    )


def authors(description: Description) -> tuple[Author, ...]:
    """Return the creators in the order that the description gives them."""
    placed = []
    for term in description.values(f"{DCT}creator"):
        name = description.text(f"{FOAF}name", of=term)
        if name is None:
            continue
        place = description.text(f"{SCHEMA}position", of=term) or ""
        is_person = _PERSON in description.iris(_CLASS, of=term)
        author = _split(" ".join(name.split())) if is_person else Author(name, "")
        placed.append((int(place) if re.fullmatch(r"\d{1,9}", place) else 10**9, author))
    return tuple(author for _, author in sorted(placed, key=lambda pair: pair[0]))


def _split(name: str) -> Author:
    """Take a person's name apart; particles such as "van der" belong to the family name.

    >>> _split("Ludwig van Beethoven"), _split("Park, Seongha")
    (Author(family='van Beethoven', given='Ludwig'), Author(family='Park', given='Seongha'))
    """
    if "," in name:
        family, given = name.split(",", 1)
        return Author(family.strip(), given.strip())
    words = name.split(" ")
    begins = next(
        (place for place, word in enumerate(words) if place and word[:1].islower()), len(words) - 1
    )
    return Author(" ".join(words[begins:]), " ".join(words[:begins]))


def _joined(names: list[str]) -> str:
    if len(names) > 20:
        names = [*names[:19], f"… {names[-1]}"]
        return ", ".join(names)
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])}, & {names[-1]}"


def _sentence(text: str) -> str:
    return f"{text.rstrip('.')}." if text else ""


def _bibtex_name(author: Author) -> str:
    if author.given:
        return f"{_escaped(author.family)}, {_escaped(author.given)}"
    return f"{{{_escaped(author.family)}}}"


def _escaped(text: str) -> str:
    """Return a text for BibTeX, which counts braces even where a backslash stands before them."""
    flat = " ".join(text.split())
    return "".join(_SPECIAL.get(character, character) for character in flat)


_SPECIAL = {
    "\\": r"\textbackslash ",
    "{": r"\textbraceleft ",
    "}": r"\textbraceright ",
    **{character: f"\\{character}" for character in "&%$#_"},
}


def _bibtex(key: str, members: dict[str, str]) -> str:
    width = max(len(name) for name in members)
    said = [f"  {name:<{width}} = {{{value}}}" for name, value in members.items() if value]
    return f"@misc{{{key},\n" + ",\n".join(said) + "\n}"
