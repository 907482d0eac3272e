"""What DataCite calls a general resource type in four other vocabularies."""

from collections.abc import Mapping
from typing import Any, Final

_OTHER: Final = ("CreativeWork", "article", "misc", "GEN")
_BY_GENERAL: Final = {
    "Audiovisual": ("MediaObject", "motion_picture", "misc", "MPCT"),
    "Book": ("Book", "book", "book", "BOOK"),
    "BookChapter": ("Chapter", "chapter", "inbook", "CHAP"),
    "Collection": ("Collection", "article", "misc", "GEN"),
    "ComputationalNotebook": ("SoftwareSourceCode", "article", "misc", "COMP"),
    "ConferencePaper": ("Article", "", "article", "CPAPER"),
    "ConferenceProceeding": ("Periodical", "book", "misc", "CONF"),
    "DataPaper": ("Article", "", "article", "GEN"),
    "Dataset": ("Dataset", "dataset", "misc", "DATA"),
    "Dissertation": ("Thesis", "thesis", "phdthesis", "THES"),
    "Event": ("Event", "article", "misc", "GEN"),
    "Image": ("ImageObject", "graphic", "misc", "FIGURE"),
    "Journal": ("Periodical", "book", "misc", "GEN"),
    "JournalArticle": ("ScholarlyArticle", "article-journal", "article", "JOUR"),
    "PeerReview": ("Review", "review", "misc", "GEN"),
    "Report": ("Report", "report", "techreport", "RRPT"),
    "Service": ("Service", "article", "misc", "GEN"),
    "Software": ("SoftwareSourceCode", "article", "misc", "COMP"),
    "Sound": ("AudioObject", "song", "misc", "SOUND"),
    "Text": ("ScholarlyArticle", "article-journal", "article", "RPRT"),
}


def completed(types: Mapping[str, Any]) -> dict[str, Any]:
    """Return `types` with `schemaOrg`, `citeproc`, `bibtex` and `ris`, where they are not said."""
    names = _BY_GENERAL.get(str(types.get("resourceTypeGeneral")), _OTHER)
    return dict(zip(("schemaOrg", "citeproc", "bibtex", "ris"), names, strict=True)) | dict(types)
