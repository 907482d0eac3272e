"""Pages of the vocabularies and of what people propose about them; see `api.rendering`."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from api import listing, proposing
from api.changing import changed_terms, counted, sentence
from api.frame import Frame
from api.naming import Word, naming
from api.rendering import page_of
from api.terms import ConceptPage, SchemePage, SearchPage, Terms
from catalog.domain.errors import NotFound
from catalog.domain.identifiers import VOCAB
from catalog.domain.permissions import Actor
from catalog.domain.proposing.proposals import Kind, ProposalPage, ProposalRecord, State
from catalog.domain.record import Page
from catalog.domain.terms.changes import Change
from catalog.domain.terms.lexicon import Found
from catalog.library import Library
from catalog.services.proposals import Narrowed
from catalog.services.term_history import Happening, ReleaseLine


def schemes(
    frame: Frame,
    library: Library,
    *,
    query: str,
    scheme: str,
    found: Found | None,
    page: int,
    releases: Sequence[ReleaseLine],
) -> str:
    """Return the list of vocabularies, or the terms that a search found in them.

    query     what is searched; "" for the list alone
    scheme    the name of the one vocabulary that is searched; "" for all
    found     the terms on this page of what was found, None without a query
    releases  the releases, the newest first
    """
    terms = Terms(naming(library, frame))
    groups = terms.groups()
    lines_ = [line for group in groups for line in group.schemes]
    return page_of(
        "schemes.html",
        frame,
        groups=groups,
        number=len(lines_),
        total=sum(line.number for line in lines_),
        names=[(line.name, line.title) for line in sorted(lines_, key=lambda one: one.title)],
        query=query,
        scheme=scheme,
        it=SearchPage(terms, query, scheme, found, page) if found else None,
        releases=counted(releases[:3]),
    )


def scheme(
    frame: Frame,
    library: Library,
    scheme_id: str,
    *,
    view: str | None,
    letter: str | None,
    page: int,
    uses: Mapping[str, int],
    newest: ReleaseLine | None,
    proposals: int,
) -> str:
    """Return a vocabulary: as a tree, as a list from A to Z, or by its groups.

    view       how to look at it, None for the way that suits it
    letter     show only terms under it in the index
    page       which part of a long list, from 1
    uses       IRI to how many public items cite the term or something narrower
    newest     the release that changed it last, None where none is kept
    proposals  how many proposals about it are open

    Raises NotFound if there is no such vocabulary.
    """
    terms = Terms(naming(library, frame))
    found = terms.thesaurus.scheme(scheme_id)
    if found is None:
        raise NotFound("There is no vocabulary of that name; /vocab lists all of them.")
    shown = SchemePage(terms, found, view, (letter or "")[:20] or None, page, uses)
    return page_of(
        "scheme.html",
        frame,
        it=shown,
        word=terms.naming.term(found.iri),
        newest=newest,
        proposals=proposals,
        forms=[(f"{frame.root}vocab/{scheme_id}.{suffix}", name) for suffix, name in _DOWNLOADS],
    )


_DOWNLOADS: Final = (
    ("ttl", "Turtle"),
    ("jsonld", "JSON-LD"),
    ("rdf", "RDF/XML"),
    ("nt", "N-Triples"),
)


def concept(
    frame: Frame,
    library: Library,
    iri: str,
    *,
    uses: int,
    counts: Mapping[str, int],
    page: Page,
    life: Sequence[Happening],
    proposals: int,
) -> str:
    """Return the page of a term.

    uses    how many public items cite just it
    counts  item type to how many public items cite it or something narrower
    page    the newest of these
    life    what happened to it, oldest first
    proposals  how many proposals about it are open

    Raises NotFound if no vocabulary has it.
    """
    words = naming(library, frame)
    found = library.thesaurus.concept(iri)
    if found is None:
        raise NotFound("This vocabulary has no such concept.")
    terms = Terms(words)
    return page_of(
        "concept.html",
        frame,
        it=ConceptPage(frame, terms, found),
        life=[(one, sentence(terms, one.change)) for one in life],
        proposals=proposals,
        uses=uses,
        total=page.total,
        by_type=listing.counts(frame, words, counts, {"cites": iri}),
        lines=listing.lines(frame, words, page.lines),
    )


def versions(
    frame: Frame, library: Library, scheme_id: str, *, releases: Sequence[ReleaseLine]
) -> str:
    """Return the versions of a vocabulary, the newest first, any two of which can be compared."""
    words = naming(library, frame)
    return page_of(
        "versions.html",
        frame,
        scheme=scheme_id,
        word=words.term(VOCAB + scheme_id) or Word(scheme_id),
        releases=counted(releases),
    )


def difference(
    frame: Frame,
    library: Library,
    scheme_id: str,
    *,
    before: int,
    after: int,
    changes: Sequence[Change],
) -> str:
    """Return how a vocabulary differs between two releases, by kind of change."""
    words = naming(library, frame)
    return page_of(
        "difference.html",
        frame,
        scheme=scheme_id,
        word=words.term(VOCAB + scheme_id) or Word(scheme_id),
        before=before,
        after=after,
        total=len(changes),
        kinds=changed_terms(Terms(words), changes),
    )


def proposals(
    frame: Frame,
    library: Library,
    *,
    page: ProposalPage,
    narrowed: Narrowed,
    counts: Mapping[State, int],
    cursor: str | None,
) -> str:
    """Return a page of the list of proposals.

    counts  how many there are in each state, under the other filters
    cursor  where this page begins, None for the first
    """
    words = naming(library, frame)
    asked = {"state": narrowed.state, "scheme": narrowed.scheme, "concept": narrowed.concept}
    called = {"state": "State", "scheme": "Vocabulary", "concept": "Term"}
    shown = {
        "state": lambda name: proposing.word_for(words, name).label,
        "scheme": lambda name: words.of_term(f"{VOCAB}{name}"),
        "concept": words.of_term,
    }
    return page_of(
        "proposals.html",
        frame,
        lines=proposing.listed(words, page.lines),
        total=page.total,
        scheme_name=narrowed.scheme,
        chips=[
            (called[name], shown[name](said), proposing.list_address(
                words, **{other: asked[other] for other in asked if other != name}))
            for name, said in asked.items() if said
        ],
        states=[
            (proposing.word_for(words, state).label, number,
             proposing.list_address(words, **{**asked, "state": state}), state is narrowed.state)
            for state, number in counts.items()
        ],
        is_continued=cursor is not None,
        first=proposing.list_address(words, **asked),
        next=proposing.list_address(words, **asked, cursor=page.next) if page.next else None,
    )  # fmt: skip


def proposal(
    frame: Frame,
    library: Library,
    *,
    proposal: ProposalRecord,
    actor: Actor,
    patch: str,
    error: str = "",
    typed: Mapping[str, str],
) -> str:
    """Return the page of a proposal.

    actor  who is signed in
    patch  the diff of its patch, "" where there is none
    error  why what was sent from this page was refused, and what was `typed` there
    """
    shown = proposing.ProposalShown(frame, naming(library, frame), proposal, actor, patch)
    return page_of("proposal.html", frame, it=shown, error=error, typed=typed)


def proposal_choice(frame: Frame, library: Library) -> str:
    """Return the page on which a vocabulary is chosen, to propose a term for it."""
    words = naming(library, frame)
    found = [(name, words.of_term(f"{VOCAB}{name}")) for name in library.vocabularies.names]
    found.sort(key=lambda pair: pair[1].casefold())
    return page_of("proposal_choice.html", frame, schemes=found)


def proposal_form(
    frame: Frame,
    library: Library,
    *,
    kind: Kind,
    scheme: str,
    concept: str | None,
    sent: Mapping[str, Sequence[str]] | None,
    errors: Sequence[Mapping[str, Any]],
) -> str:
    """Return the form for a proposal, as it was sent where something is wrong with it.

    concept  the IRI of the concept that it is about, None for a new term
    sent     what was typed, by field
    """
    words = naming(library, frame)
    form = proposing.ProposalForm(words, kind, scheme, concept, sent, errors)
    names = {one.name: one.label for one in (*form.controls, *form.further)}

    def word_of(iri: str) -> Word:
        return words.term(iri) or Word(iri, "", f"{frame.root}vocab")

    return page_of("proposal_form.html", frame, it=form, names=names, word_of=word_of)
