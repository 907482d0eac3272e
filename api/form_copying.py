"""The description of an item as the beginning of another: without what is only its own."""

from collections.abc import Collection, Iterable, Mapping
from typing import Final

from catalog.domain.description import TYPE, Statement
from catalog.domain.reading import DISTRIBUTION, WRITTEN_ABOUT_THE_ITEM

_DCT: Final = "http://purl.org/dc/terms/"
_DCAT: Final = "http://www.w3.org/ns/dcat#"
_ADMS: Final = "http://www.w3.org/ns/adms#"
_ITS_OWN: Final = WRITTEN_ABOUT_THE_ITEM | {
    DISTRIBUTION,
    *(
        f"<{iri}>"
        for iri in (
            f"{_ADMS}identifier",
            f"{_ADMS}versionNotes",
            f"{_DCAT}version",
            f"{_DCAT}isVersionOf",
            f"{_DCT}created",
            f"{_DCT}issued",
            f"{_DCT}replaces",
        )
    ),
}
"""What identifies an item, its versions, their dates and their files."""


def copied(
    said: Iterable[Statement], deciding: Collection[str] | Mapping[str, str]
) -> tuple[Statement, ...]:
    """Return the statements that a copy begins with, with the parts that these lead to.

    said      the description, in the terms of a form
    deciding  the classes that decide about the type of an item, as terms
    """
    said = tuple(said)
    begun = [
        one for one in said
        if one[0] == "<>" and one[1] not in _ITS_OWN and not (one[1] == TYPE and one[2] in deciding)
    ]  # fmt: skip
    reached: set[str] = set()
    pending = [value for _, _, value in begun]
    while pending:
        part = pending.pop()
        if part.startswith("<#") and not part.startswith("<#file/") and part not in reached:
            reached.add(part)
            pending.extend(value for subject, _, value in said if subject == part)
    return (*begun, *(one for one in said if one[0] in reached))
