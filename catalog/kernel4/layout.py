"""Which element of kernel-4 XML holds which member of DataCite's JSON attributes."""

from dataclasses import dataclass
from typing import Final

NAMESPACE: Final = "http://datacite.org/schema/kernel-4"
"""The namespace of every 4.x, which is also the `schemaVersion` of the JSON."""

LANG: Final = "{http://www.w3.org/XML/1998/namespace}lang"


@dataclass(frozen=True, slots=True)
class Place:
    """An attribute of an element and the member of the JSON object that it comes from.

    default  what stands where the JSON does not say; None for no attribute at all
    """

    attribute: str
    member: str
    default: str | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """An element with text and attributes, made of one object, or of a text alone.

    element  its local name
    text     the member that is its text
    """

    element: str
    text: str
    places: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class Rows:
    """A wrapper element around rows, made of an array.

    member   of the attributes
    wrapper  the element around
    """

    member: str
    wrapper: str
    row: Row


_SCHEME_URI = Place("schemeURI", "schemeUri")
_LANG = Place(LANG, "lang")

NAME_IDENTIFIER: Final = Row(
    "nameIdentifier",
    "nameIdentifier",
    (Place("nameIdentifierScheme", "nameIdentifierScheme"), _SCHEME_URI),
)
AFFILIATION: Final = Row(
    "affiliation",
    "name",
    (
        Place("affiliationIdentifier", "affiliationIdentifier"),
        Place("affiliationIdentifierScheme", "affiliationIdentifierScheme"),
        _SCHEME_URI,
    ),
)
PUBLISHER: Final = Row(
    "publisher",
    "name",
    (
        Place("publisherIdentifier", "publisherIdentifier"),
        Place("publisherIdentifierScheme", "publisherIdentifierScheme"),
        _SCHEME_URI,
        _LANG,
    ),
)
RESOURCE_TYPE: Final = Row(
    "resourceType", "resourceType", (Place("resourceTypeGeneral", "resourceTypeGeneral", "Other"),)
)
TITLES: Final = Rows(
    "titles", "titles", Row("title", "title", (Place("titleType", "titleType"), _LANG))
)
SUBJECTS: Final = Rows(
    "subjects",
    "subjects",
    Row(
        "subject",
        "subject",
        (
            Place("subjectScheme", "subjectScheme"),
            _SCHEME_URI,
            Place("valueURI", "valueUri"),
            Place("classificationCode", "classificationCode"),
            _LANG,
        ),
    ),
)
DATES: Final = Rows(
    "dates",
    "dates",
    Row(
        "date",
        "date",
        (Place("dateType", "dateType", "Issued"), Place("dateInformation", "dateInformation")),
    ),
)
ALTERNATE_IDENTIFIERS: Final = Rows(
    "identifiers",
    "alternateIdentifiers",
    Row(
        "alternateIdentifier",
        "identifier",
        (Place("alternateIdentifierType", "identifierType"),),
    ),
)
RELATED_IDENTIFIERS: Final = Rows(
    "relatedIdentifiers",
    "relatedIdentifiers",
    Row(
        "relatedIdentifier",
        "relatedIdentifier",
        (
            Place("relatedIdentifierType", "relatedIdentifierType"),
            Place("relationType", "relationType"),
            Place("relationTypeInformation", "relationTypeInformation"),
            Place("resourceTypeGeneral", "resourceTypeGeneral"),
            Place("relatedMetadataScheme", "relatedMetadataScheme"),
            _SCHEME_URI,
            Place("schemeType", "schemeType"),
        ),
    ),
)
RELATED_ITEM_IDENTIFIER: Final = Row(
    "relatedItemIdentifier",
    "relatedItemIdentifier",
    (
        Place("relatedItemIdentifierType", "relatedItemIdentifierType"),
        Place("relatedMetadataScheme", "relatedMetadataScheme"),
        _SCHEME_URI,
        Place("schemeType", "schemeType"),
    ),
)
RELATED_ITEM_PLACES: Final = (
    Place("relatedItemType", "relatedItemType"),
    Place("relationType", "relationType"),
    Place("relationTypeInformation", "relationTypeInformation"),
)
NUMBER: Final = Row("number", "number", (Place("numberType", "numberType"),))
SIZES: Final = Rows("sizes", "sizes", Row("size", "size"))
FORMATS: Final = Rows("formats", "formats", Row("format", "format"))
RIGHTS: Final = Rows(
    "rightsList",
    "rightsList",
    Row(
        "rights",
        "rights",
        (
            Place("rightsURI", "rightsUri"),
            Place("rightsIdentifier", "rightsIdentifier"),
            Place("rightsIdentifierScheme", "rightsIdentifierScheme"),
            _SCHEME_URI,
            _LANG,
        ),
    ),
)
DESCRIPTIONS: Final = Rows(
    "descriptions",
    "descriptions",
    Row(
        "description",
        "description",
        (Place("descriptionType", "descriptionType", "Abstract"), _LANG),
    ),
)
FUNDER_IDENTIFIER: Final = Row(
    "funderIdentifier",
    "funderIdentifier",
    (Place("funderIdentifierType", "funderIdentifierType"), _SCHEME_URI),
)
AWARD_NUMBER: Final = Row("awardNumber", "awardNumber", (Place("awardURI", "awardUri"),))

POINT: Final = ("pointLatitude", "pointLongitude")
BOX: Final = (
    "westBoundLongitude",
    "eastBoundLongitude",
    "southBoundLatitude",
    "northBoundLatitude",
)
BEFORE_NUMBER: Final = ("publicationYear", "volume", "issue")
AFTER_NUMBER: Final = ("firstPage", "lastPage", "publisher", "edition")
"""The plain members of a related item, in the order of their elements."""
