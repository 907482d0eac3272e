"""Proposals: what may be asked for, and that a patch changes just that, in every file there is."""

import doctest
import random
import subprocess
import unicodedata
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.domain.errors import NotAcceptable, NotFound, WrongState
from catalog.domain.proposing import blocks, proposals
from catalog.domain.proposing import rules as proposal_rules
from catalog.domain.proposing.blocks import Change, Entry, VocabularyFile, spliced, written
from catalog.domain.proposing.check import broken_rules, check_plan
from catalog.domain.proposing.patches import file_changes, patch_of, with_plans
from catalog.domain.proposing.proposals import (
    PROPERTIES,
    SHAPE,
    Decision,
    Kind,
    Plan,
    ProposalRecord,
    State,
    TermState,
    change_note,
    is_in_force,
    term_state,
)
from catalog.domain.proposing.rules import Asked, Said, asked_again, namespace_of, plan_of
from catalog.domain.schemes import SKOS, Scheme, Vocabularies
from catalog.library import library
from vocab.published import layout

KNOWN = library().vocabularies
NAMES = KNOWN.names
TASK = "https://w3id.org/sage/vocab/ml-task/"
BASE = "https://catalog.example/"
AT = datetime(2026, 11, 28, tzinfo=UTC)


def said(**properties: str | tuple[str, ...]) -> dict[str, Said]:
    """Return what is said about properties: whole values."""
    return {
        name: Said(values=(value,) if isinstance(value, str) else value)
        for name, value in properties.items()
    }


def term(scheme: str = "ml-task", id: str = "", **properties: str | tuple[str, ...]) -> Asked:
    """Return a new term that lacks nothing."""
    usual = {"prefLabel": "Snow mask", "definition": "Says where snow lies.", "source": "a test"}
    return Asked(Kind.TERM, scheme, id=id, said=said(**{**usual, **properties}))


def change(name: str, **properties: str | tuple[str, ...]) -> Asked:
    return Asked(Kind.CHANGE, concept=TASK + name, said=said(**properties))


def scheme_of(name: str) -> Scheme:
    found = KNOWN.scheme(name)
    assert found is not None
    return found


def plan(asked: Asked, vocabularies: Vocabularies = KNOWN) -> Plan:
    return plan_of(asked, vocabularies, (BASE,))


def rules_broken(asked: Asked) -> set[tuple[str, str]]:
    """Return field and rule of each trouble."""
    with pytest.raises(NotAcceptable) as caught:
        plan(asked)
    return {(one["field"], one["rule"]) for one in caught.value.evidence["errors"]}


def record(of: Plan, state: State = State.ACCEPTED) -> ProposalRecord:
    decision = None if state is State.OPEN else Decision("cleo", AT, "")
    in_force = is_in_force(7, of, KNOWN)
    return ProposalRecord(
        7, of, state, "why", "ana", AT, decision, (), in_force, term_state(of.concept, KNOWN)
    )


def statements(turtle: bytes) -> set[str]:
    return {str(triple) for triple in ox.parse(turtle, format=ox.RdfFormat.TURTLE)}


def test_the_examples_in_the_docstrings_hold() -> None:
    for module in (proposals, proposal_rules):
        assert doctest.testmod(module).failed == 0


# ---- what may be proposed


def test_a_new_term_gets_the_id_of_its_notation_and_else_of_its_label() -> None:
    assert plan(term(notation="snow/mask.*")).concept == TASK + "snow-mask.any"
    assert plan(term(id="snow_mask")).concept == TASK + "snow_mask"
    made = plan(term())
    assert made.concept == TASK + "snow-mask"
    assert made.differences[f"{SKOS}notation"].added == ('"snow-mask"',)


def test_a_term_of_a_published_list_gets_its_publishers_iri() -> None:
    assert plan(term("license", "Own-1.0")).concept == "https://spdx.org/licenses/Own-1.0"
    made = plan(term("media-type", "text/x.own+json"))
    assert made.concept == "https://www.iana.org/assignments/media-types/text/x.own+json"
    assert rules_broken(term("license")) == {("id", "concept-iri")}


@pytest.mark.parametrize(
    ("asked", "broken"),
    [
        (term(notation="computer-vision"), ("notation", "duplicate-notation")),
        (term(id="other", notation="computer-vision"), ("notation", "duplicate-notation")),
        (term(prefLabel="computer VISION"), ("prefLabel", "overlapping-labels")),
        (term(prefLabel="OCR"), ("prefLabel", "overlapping-labels")),
        (term(altLabel="Computer vision"), ("altLabel", "ambiguous-label")),
        (term(altLabel="Snow mask"), ("altLabel", "labels-not-disjoint")),
        (term(prefLabel=""), ("prefLabel", "no-english-label")),
        (term(definition="  "), ("definition", "no-definition")),
        (term(source=()), ("source", "no-source")),
        (term(definition="Snow mask."), ("definition", "definition-repeats-label")),
        (term(definition="Where snow lies"), ("definition", "definition-unfinished")),
        (term(prefLabel="Snow\x07mask"), ("prefLabel", "unprintable-characters")),
        (term(prefLabel="Snow\nmask"), ("prefLabel", "unprintable-characters")),
        (term(prefLabel="Snow\u202emask"), ("prefLabel", "unprintable-characters")),
        (term(definition="x" * 2_001), ("definition", "long-text")),
        (term(prefLabel=unicodedata.normalize("NFD", "Névé")), ("prefLabel", "normal-form")),
        (term(prefLabel=("Snow", "Mask")), ("prefLabel", "too-many")),
        (term(altLabel=tuple(f"a{n}" for n in range(51))), ("altLabel", "too-many")),
        (term(id="snow mask"), ("id", "concept-iri")),
        (term(id="-snow"), ("id", "concept-iri")),
        (term(id="snow", notation="rain"), ("id", "concept-iri")),
        (term(id="versions"), ("id", "reserved-name")),
        (term(id=".."), ("id", "concept-iri")),
        (term(id="x" * 201), ("id", "long-text")),
        (term(broader="no-such-task"), ("broader", "relation-to-nothing")),
        (term(broader=f"{TASK}no-such-task"), ("broader", "relation-to-nothing")),
        (term(exactMatch="snow"), ("exactMatch", "relation-to-nothing")),
        (term(exactMatch="javascript:alert(1)"), ("exactMatch", "relation-to-nothing")),
        (term(exactMatch="http://a b"), ("exactMatch", "relation-to-nothing")),
        (term(exactMatch="http://[x"), ("exactMatch", "relation-to-nothing")),
        (term(exactMatch=f"{TASK}computer-vision"), ("exactMatch", "mapping-inside-scheme")),
        (change("computer-vision", broader="ml-task/semantic-segmentation"),
         ("broader", "cyclic-hierarchy")),
        (change("computer-vision", broader="computer-vision"), ("broader", "cyclic-hierarchy")),
        (change("computer-vision", prefLabel=""), ("prefLabel", "no-english-label")),
        (change("computer-vision", prefLabel="Computer vision"), ("why", "nothing-changes")),
        (change("computer-vision", prefLabel="Image-to-text"), ("prefLabel", "overlapping-labels")),
        (change("image-to-text", closeMatch="https://huggingface.co/tasks/image-to-text"),
         ("closeMatch", "mapped-twice")),
        (Asked(Kind.DEPRECATION, concept=TASK + "image-to-text",
               said=said(replaced_by="image-to-text")), ("replaced_by", "reflexive-relation")),
        (Asked(Kind.DEPRECATION, concept=TASK + "image-to-text",
               said=said(replaced_by="nothing")), ("replaced_by", "replaced-by-nothing")),
        (Asked(Kind.CHANGE, concept=TASK + "image-to-text",
               said={"altLabel": Said(remove=("never said",))}), ("altLabel", "not-there")),
    ],
)  # fmt: skip
def test_what_breaks_a_rule_is_refused_with_field_and_rule(
    asked: Asked, broken: tuple[str, str]
) -> None:
    assert broken in rules_broken(asked)


def test_what_stands_in_the_way_is_named_with_its_file_and_line() -> None:
    with pytest.raises(NotAcceptable) as caught:
        plan(term(id="other", notation="computer-vision"))
    trouble = caught.value.evidence["errors"][-1]
    assert trouble["concept"] == TASK + "computer-vision"
    assert trouble["file"] == "vocab/ml-task.ttl"
    lines = (KNOWN.file("ml-task") or b"").decode().splitlines()
    assert lines[trouble["line"] - 1].startswith("ml-task:computer-vision a skos:Concept")


def test_all_troubles_are_told_at_once() -> None:
    asked = term(prefLabel="", definition="x", broader="nowhere")
    assert {name for name, _ in rules_broken(asked)} == {"prefLabel", "definition", "broader"}


def test_a_parent_is_found_by_iri_address_short_name_notation_and_label() -> None:
    ways = (f"{TASK}computer-vision", f"{BASE}vocab/ml-task/computer-vision")
    ways += ("ml-task/computer-vision", "computer-vision", "Computer vision")
    found = {plan(term(broader=way)).differences[f"{SKOS}broader"].added for way in ways}
    assert found == {(f"<{TASK}computer-vision>",)}


def test_unknown_vocabularies_and_concepts_are_not_there() -> None:
    for asked in (term("nowhere"), change("nothing"), Asked(Kind.DEPRECATION, concept="x")):
        with pytest.raises(NotFound):
            plan(asked)


def test_a_deprecated_term_is_not_deprecated_again_nor_named_as_parent_or_replacement() -> None:
    gone = next(
        iri
        for iri in scheme_of("license").concepts
        if (concept := KNOWN.concept(iri)) and concept.deprecated and concept.replaced_by
    )
    with pytest.raises(WrongState):
        plan(Asked(Kind.DEPRECATION, concept=gone))
    assert rules_broken(term("license", "Own", broader=gone)) == {
        ("broader", "relation-to-deprecated")
    }
    mit = "https://spdx.org/licenses/MIT"
    assert rules_broken(Asked(Kind.DEPRECATION, concept=mit, said=said(replaced_by=gone))) == {
        ("replaced_by", "replacement-deprecated")
    }


@pytest.mark.parametrize("name", ["ml-task", "measurement", "sensor", "node", "qudt-unit"])
def test_a_form_sent_back_as_it_was_changes_nothing(name: str) -> None:
    for iri in scheme_of(name).concepts:
        row = KNOWN.row(iri) or {}
        values = {
            one.name: tuple(
                proposal_rules._written(value)
                for value in row.get(f"<{one.iri}>", ())
                if one.shows(value)
            )
            for one in PROPERTIES.values()
            if one.name not in {"notation", "replaced_by"}
        }
        asked = Asked(Kind.CHANGE, concept=iri, said=said(**values))
        assert rules_broken(asked) == {("why", "nothing-changes")}, iri


def test_the_fields_of_every_kind_are_properties_that_are_known() -> None:
    shapes = library().shapes
    for kind in Kind:
        fields = shapes.fields_of_part(f"{SHAPE}#{kind}")
        names = {one.shape.rpartition("#")[2]: one.path for one in fields}
        known = {name: one.iri for name, one in PROPERTIES.items() if name in names}
        assert set(names) - set(known) <= {"id", "why"}
        assert known.items() <= names.items()
    for name in (*Kind, *State, *TermState, "in-force"):
        assert shapes.label(f"{SHAPE}#{name}"), name


# ---- the files


def test_the_order_and_prefixes_of_files_are_those_of_their_layout() -> None:
    assert blocks.ORDER == layout.ORDER
    assert blocks.LAST == layout.LAST
    assert blocks.PREFIXES == layout.PREFIXES


@pytest.mark.parametrize("name", NAMES)
def test_blocks_are_read_and_written_without_changing_a_byte(name: str) -> None:
    file = VocabularyFile(f"vocab/{name}.ttl", KNOWN.file(name) or b"")
    for subject in file.starts:
        block = file.block(subject)
        assert block is not None
        assert written(block.head, block.entries) == file.lines[block.start : block.end]
        assert all(Entry.of(one.property, one.values) == one for one in block.entries)


def test_another_layout_is_refused_in_a_sentence() -> None:
    odd = b"@prefix skos: <http://www.w3.org/2004/02/skos/core#> .\n<x:a> a skos:Concept ;\n skos:"
    for text in (b"", odd, odd + b"prefLabel 'x'@en .\n"):
        with pytest.raises(WrongState, match="by hand"):
            VocabularyFile("vocab/odd.ttl", text).edited([Change("x:a", "x:p", (), ("<x:b>",))])


class Checkout:
    """The files of the vocabularies under git, as a maintainer has them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "vocab").mkdir()
        for name in NAMES:
            (folder / f"vocab/{name}.ttl").write_bytes(KNOWN.file(name) or b"")
        self.git("init", "-q")
        self.git("add", ".")
        self.git("-c", "user.name=t", "-c", "user.email=t@localhost", "commit", "-qm", "t")

    def git(self, *words: str, sent: str = "") -> None:
        subprocess.run(["git", *words], cwd=self.folder, input=sent.encode(), check=True)

    def applied(self, diff: str) -> dict[str, bytes]:
        """Apply a patch; return the files that it changed, and take it back."""
        self.git("apply", "--index", "--whitespace=error", "-", sent=diff)
        names = subprocess.run(
            ["git", "diff", "--cached", "--name-only"],
            cwd=self.folder,
            capture_output=True,
            check=True,
        ).stdout.decode()
        changed = {Path(name).stem: (self.folder / name).read_bytes() for name in names.split()}
        self.git("reset", "-q", "--hard")
        return changed


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    return Checkout(tmp_path_factory.mktemp("checkout"))


def expected(made: Plan, note: str) -> tuple[set[str], set[str]]:
    """Return what a patch removes and adds, all files together, told from the plan alone."""
    me = f"<{made.concept}>"
    scheme = f"<https://w3id.org/sage/vocab/{made.scheme}>"
    gone, new = set(), {f"{me} <{SKOS}changeNote> {note}"}
    for iri, one in made.differences.items():
        gone |= {f"{me} <{iri}> {value}" for value in one.removed}
        new |= {f"{me} <{iri}> {value}" for value in one.added}
        if iri == f"{SKOS}broader":
            gone |= {f"{parent} <{SKOS}narrower> {me}" for parent in one.removed}
            new |= {f"{parent} <{SKOS}narrower> {me}" for parent in one.added}
    row = KNOWN.row(made.concept)
    above = made.after(row).get(f"<{SKOS}broader>", ())
    own = scheme_of(made.scheme).concepts
    top = f"{scheme} <{SKOS}hasTopConcept> {me}"
    is_top, was_top = not any(parent[1:-1] in own for parent in above), False
    if row is None:
        kind = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
        new |= {f"{me} {kind} <{SKOS}Concept>", f"{me} <{SKOS}inScheme> {scheme}"}
    else:
        was_top = made.concept in scheme_of(made.scheme).top_concepts
    new |= {top} if is_top and not was_top else set()
    gone |= {top} if was_top and not is_top else set()
    return gone, new


def proposed(name: str) -> Iterable[Asked]:
    """Yield a proposal of each kind about some terms of a vocabulary, always the same."""
    draw = random.Random(name)
    scheme = scheme_of(name)
    valid = [
        iri for iri in scheme.concepts if (concept := KNOWN.concept(iri)) and not concept.deprecated
    ]
    one, other = draw.choice(valid), draw.choice(valid)
    awkward = 'A "quoted" \\ sentence; with, signs . and é … 😀.'
    yield term(name, "a-new.one", definition=awkward, altLabel=("b", 'a "b"'), broader=other)
    yield term(name, "zz_new", exactMatch=("http://example.org/a,b", "http://example.org/x;y"))
    yield Asked(
        Kind.CHANGE,
        concept=one,
        said={
            **said(prefLabel="Called otherwise", definition=awkward, broader=()),
            "altLabel": Said(add=("another spelling",)),
            "closeMatch": Said(add=("https://example.org/near",)),
        },
    )
    replaced = said(replaced_by=other) if other != one else {}
    yield Asked(Kind.DEPRECATION, concept=one, said=replaced)


@given(st.text(min_size=10, max_size=60).filter(str.isprintable))
@settings(max_examples=100, deadline=None)
def test_whatever_can_be_printed_is_written_so_that_it_is_read_again(words: str) -> None:
    text = unicodedata.normalize("NFC", " ".join(words.split()) + ", in words.")
    made = plan(term(definition=text, altLabel=text, source=f"of {text}"))
    (change,) = file_changes(made, KNOWN)
    new = statements(change.content) - statements(KNOWN.file("ml-task") or b"")
    assert new >= expected(made, "")[1] - {f"<{made.concept}> <{SKOS}changeNote> "}


@pytest.mark.parametrize("name", NAMES)
def test_a_patch_applies_and_changes_just_what_was_proposed(checkout: Checkout, name: str) -> None:
    for asked in proposed(name):
        made = plan(asked)
        note = change_note(7, made.kind, AT)
        after = checkout.applied(patch_of(record(made), KNOWN))
        before = {scheme: KNOWN.file(scheme) or b"" for scheme in after}
        was = set().union(*map(statements, before.values()))
        now = set().union(*map(statements, after.values()))
        assert (was - now, now - was) == expected(made, note)
        for scheme, text in after.items():
            assert layout.write(layout.read(text.decode())) == text.decode(), scheme
        assert is_in_force(7, made, Vocabularies({**dict(files()), **after}))


def files() -> Iterable[tuple[str, bytes]]:
    return ((name, KNOWN.file(name) or b"") for name in NAMES)


def test_patch_takes_the_diff_as_well(tmp_path: Path) -> None:
    if subprocess.run(["which", "patch"], capture_output=True).returncode:
        pytest.skip("there is no patch on this machine")
    (tmp_path / "vocab").mkdir()
    for name in ("measurement", "measurement-group"):
        (tmp_path / f"vocab/{name}.ttl").write_bytes(KNOWN.file(name) or b"")
    made = plan(term("measurement", "env.dew_point", broader="measurement-group/env"))
    diff = patch_of(record(made), KNOWN)
    subprocess.run(["patch", "-p1", "-s"], cwd=tmp_path, input=diff.encode(), check=True)
    for one in file_changes(made, KNOWN, change_note(7, made.kind, AT)):
        assert (tmp_path / one.file.path).read_bytes() == one.content


def test_two_patches_that_were_accepted_one_after_the_other_both_apply(
    checkout: Checkout,
) -> None:
    first, second = plan(term(id="snow")), plan(term(id="rain", prefLabel="Rain mask"))
    ahead = with_plans([first], KNOWN)
    after = checkout.applied(patch_of(record(first), KNOWN))
    assert term_state(first.concept, Vocabularies(after)) is TermState.VALID
    file = VocabularyFile("vocab/ml-task.ttl", ahead.file("ml-task") or b"")
    (change,) = file_changes(second, ahead)
    assert spliced(file.lines, change.splices) == change.content
    assert second.concept.encode() not in (ahead.file("ml-task") or b"")


def test_there_is_no_patch_of_what_was_refused_or_is_in_force() -> None:
    made = plan(term())
    for state in (State.REFUSED, State.WITHDRAWN):
        with pytest.raises(WrongState):
            patch_of(record(made, state), KNOWN)
    assert "changeNote" not in patch_of(record(made, State.OPEN), KNOWN)
    ahead = with_plans([made], KNOWN)
    done = replace(record(made), in_force=is_in_force(7, made, ahead))
    with pytest.raises(WrongState):
        patch_of(done, ahead)


def test_a_term_in_force_is_known_by_its_note_even_after_further_changes() -> None:
    made = plan(term())
    changed = {
        one.scheme: one.content for one in file_changes(made, KNOWN, change_note(7, made.kind, AT))
    }
    later = Vocabularies({**dict(files()), **changed})
    again = plan(change("snow-mask", prefLabel="Mask of snow"), later)
    latest = with_plans([again], later)
    assert is_in_force(7, made, latest)
    assert not is_in_force(17, made, latest)


# ---- judged by the rules of the vocabularies


def test_a_plan_that_holds_breaks_no_rule() -> None:
    for name in ("ml-task", "measurement", "sensor"):
        for asked in proposed(name):
            assert broken_rules(plan(asked), KNOWN) == (), asked


def test_what_only_the_whole_file_shows_is_refused_with_rule_file_and_line() -> None:
    asked = change("image-to-text", prefLabel="OCR")
    with pytest.raises(NotAcceptable) as caught:
        check_plan(plan(asked), KNOWN)
    (trouble,) = caught.value.evidence["errors"]
    assert trouble["rule"] == "labels-not-disjoint"
    assert trouble["file"] == "vocab/ml-task.ttl"
    assert trouble["line"]


def test_a_plan_is_looked_through_again_by_what_was_accepted_meanwhile() -> None:
    first, second = plan(term(id="snow")), plan(term(id="ice"))
    with pytest.raises(NotAcceptable) as caught:
        check_plan(second, with_plans([first], KNOWN))
    assert {one["rule"] for one in caught.value.evidence["errors"]} == {"overlapping-labels"}


def test_what_somebody_else_removed_meanwhile_is_not_asked_for_again() -> None:
    asked = Asked(
        Kind.CHANGE,
        concept=TASK + "image-to-text",
        said={"altLabel": Said(add=("reading text",), remove=("OCR",))},
    )
    made = plan(asked)
    gone = {"altLabel": Said(remove=("OCR",))}
    ahead = with_plans([plan(Asked(Kind.CHANGE, concept=asked.concept, said=gone))], KNOWN)
    again = plan(asked_again(made, ahead), ahead)
    assert again.differences[f"{SKOS}altLabel"].removed == ()


def test_the_iris_of_a_vocabulary_begin_alike() -> None:
    for name in NAMES:
        scheme = scheme_of(name)
        assert all(iri.startswith(namespace_of(scheme)) for iri in scheme.concepts), name
