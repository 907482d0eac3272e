"""What the sections of a card's text are about, by the headings of Hugging Face's templates."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_FENCE = re.compile(r"^ {0,3}(```|~~~)")
_HEADING = re.compile(r"^ {0,3}(#{1,6})[ \t]+(.*?)[ \t]*#*[ \t]*$")
_LONGEST_HEADING = 300
_UNFILLED = re.compile(
    r"\[?\s*(more information needed|needs more information)\s*\]?|\{\{.*?\}\}", re.IGNORECASE
)
_ORNAMENT = re.compile(
    r"\s*(!?\[!?\[|!\[|<(img|p|div|a|br|center|h\d|/)|[-*+] |\d+\. |\||>|=+$|-+$|\*\*[^*]+:\*\*)",
    re.IGNORECASE,
)

_SECTIONS: Mapping[str, Mapping[str, str]] = {
    "model": {
        "model description": "dct:description",
        "model summary": "dct:description",
        "description": "dct:description",
        "overview": "dct:description",
        "uses": "it6:intendedUse",
        "direct use": "it6:intendedUse",
        "intended use": "it6:intendedUse",
        "intended uses": "it6:intendedUse",
        "intended uses & limitations": "it6:intendedUse",
        "how to use": "it6:howToUse",
        "usage": "it6:howToUse",
        "how to get started with the model": "it6:howToUse",
        "limitations": "it6:limitations",
        "limitations and bias": "fair4ml:modelRisksBiasLimitations",
        "bias, risks, and limitations": "fair4ml:modelRisksBiasLimitations",
        "ethical considerations": "fair4ml:ethicalSocial",
        "training procedure": "it6:trainingProcess",
        "training": "it6:trainingProcess",
        "model architecture": "it6:modelArchitecture",
        "model architecture and objective": "it6:modelArchitecture",
    },
    "training-data": {
        "dataset summary": "dct:description",
        "dataset description": "dct:description",
        "description": "dct:description",
        "overview": "dct:description",
        "uses": "cr:RAI/dataUseCases",
        "direct use": "cr:RAI/dataUseCases",
        "data collection and processing": "cr:RAI/dataCollection",
        "initial data collection and normalization": "cr:RAI/dataCollection",
        "data collection": "cr:RAI/dataCollection",
        "personal and sensitive information": "cr:RAI/personalSensitiveInformation",
        "discussion of biases": "cr:RAI/dataBiases",
        "bias, risks, and limitations": "cr:RAI/dataLimitations",
        "other known limitations": "cr:RAI/dataLimitations",
        "limitations": "cr:RAI/dataLimitations",
        "citation": "cr:citeAs",
        "citation information": "cr:citeAs",
    },
}


@dataclass(frozen=True, slots=True)
class Section:
    """A section of the text under its heading.

    prop  the property that it tells, None where there is none
    """

    heading: str
    text: str
    prop: str | None


def sections_of(text: str, item_type: str) -> tuple[str | None, list[Section]]:
    """Return the title of a Markdown text, and its sections that say something, in their order.

    What stands above the first section is the description, unless a section is that.
    """
    title: str | None = None
    found: list[Section] = []
    known = _SECTIONS.get(item_type, {})
    for level, heading, lines in _blocks(_without_comments(text)):
        body = "\n".join(lines).strip()
        prop: str | None = "dct:description"
        if level == 1 and title is None:
            title = heading
        elif level:
            prop = known.get(heading.casefold().rstrip(":").strip())
        if prop == "dct:description":
            body = _prose(body)
        if body and not _UNFILLED.fullmatch(body):
            found.append(Section(heading, body, prop))

    def is_named_so(one: Section) -> bool:
        return known.get(one.heading.casefold()) == "dct:description"

    return title, sorted(found, key=lambda one: not is_named_so(one))


def _without_comments(text: str) -> str:
    kept, begun = [], 0
    while (opened := text.find("<!--", begun)) >= 0:
        closed = text.find("-->", opened)
        if closed < 0:
            break
        kept.append(text[begun:opened])
        begun = closed + 3
    return "".join((*kept, text[begun:]))


def _blocks(text: str) -> Iterator[tuple[int, str, list[str]]]:
    """Yield level, heading and lines of each section; level 0 is what stands above them all."""
    level, heading, lines = 0, "", list[str]()
    fence = ""
    for line in text.splitlines():
        mark = _FENCE.match(line)
        if mark:
            fence = "" if fence == mark[1] else fence or mark[1]
        found = _HEADING.match(line) if not fence and len(line) <= _LONGEST_HEADING else None
        if found is None:
            lines.append(line)
            continue
        yield level, heading, lines
        level, heading, lines = len(found[1]), _plain(found[2]), []
    yield level, heading, lines


def _plain(heading: str) -> str:
    """Return a heading without the marks of Markdown, pictures and small signs around it."""
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)|[*_`]|<[^>]*>", r"\1", heading)
    return text.strip(" \t:#").strip()


def _prose(text: str) -> str:
    """Return the paragraphs of a text that are sentences: no pictures, lists, tables, code."""
    kept = [
        " ".join(one.split())
        for one in re.split(r"\n\s*\n", text)
        if one.strip() and not _ORNAMENT.match(one) and not _FENCE.match(one)
    ]
    return "\n\n".join(one for one in kept if not _UNFILLED.fullmatch(one))
