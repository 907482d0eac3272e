"""Which terms go, what replaces them, what a description says then, and how verdicts compare."""

from dataclasses import replace

import pytest

from catalog.domain.impact import (
    MOST_VIOLATIONS,
    Fate,
    Migration,
    Outcome,
    Term,
    Verdict,
    cited,
    migrated,
    outcome_of,
    terms_seen_otherwise,
    terms_that_go,
)
from catalog.domain.impact_report import Affected, Applied, Impact, patch_of
from catalog.domain.lifecycle import State
from catalog.domain.report import Finding, Report
from catalog.domain.schemes import Vocabularies

SEA = "https://w3id.org/sage/vocab/sea/"
ITEM = "https://catalog.invalid/items/0123456789"
BASE = "https://catalog.example/"


def sea(*lines: str) -> Vocabularies:
    """Return a vocabulary whose terms are said by lines such as `fish; dct:isReplacedBy x:cod`."""
    head = f"""
@prefix : <{SEA}> .
@prefix dct: <http://purl.org/dc/terms/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
<{SEA[:-1]}> a skos:ConceptScheme ; dct:title "Sea"@en .
"""
    terms = []
    for line in lines:
        name, _, more = line.partition(";")
        said = f':{name} a skos:Concept ; skos:prefLabel "{name}"@en'
        said += f" ; skos:inScheme <{SEA[:-1]}>"
        terms.append(f"{said} ; {more} .\n" if more else f"{said} .\n")
    return Vocabularies({"sea": (head + "".join(terms)).encode()})


OLD = "owl:deprecated true"


def replacements(today: Vocabularies, other: Vocabularies) -> dict[str, tuple[str, ...]]:
    """Return what replaces each term that goes, by their names."""
    return {
        iri.removeprefix(SEA): tuple(one.removeprefix(SEA) for one in term.replaced_by)
        for iri, term in terms_that_go(today, other).items()
    }


# -- terms that go


def test_from_the_same_vocabularies_nothing_goes() -> None:
    assert terms_that_go(sea("cod", "eel"), sea("eel", "cod")) == {}


def test_a_term_that_is_missing_is_removed() -> None:
    found = terms_that_go(sea("cod", "eel"), sea("eel"))
    assert found == {f"{SEA}cod": Term(f"{SEA}cod", "cod", "sea", Fate.REMOVED)}


def test_a_term_of_a_vocabulary_that_is_missing_altogether_is_removed() -> None:
    assert terms_that_go(sea("cod"), Vocabularies({}))[f"{SEA}cod"].fate is Fate.REMOVED


def test_a_deprecated_term_goes_whatever_it_was_before() -> None:
    deprecated = sea(f"cod; {OLD}")
    assert terms_that_go(sea("cod"), deprecated)[f"{SEA}cod"].fate is Fate.DEPRECATED
    assert terms_that_go(deprecated, deprecated)[f"{SEA}cod"].fate is Fate.DEPRECATED


def test_a_chain_of_replacements_is_followed_to_its_valid_end() -> None:
    other = sea(f"cod; {OLD} ; dct:isReplacedBy :eel", f"eel; {OLD} ; dct:isReplacedBy :ray", "ray")
    assert replacements(sea("cod"), other) == {"cod": ("ray",), "eel": ("ray",)}


def test_a_chain_that_bites_its_tail_ends_nowhere() -> None:
    other = sea(f"cod; {OLD} ; dct:isReplacedBy :eel", f"eel; {OLD} ; dct:isReplacedBy :cod")
    assert replacements(other, other) == {"cod": (), "eel": ()}


def test_a_term_that_replaces_itself_is_replaced_by_nothing() -> None:
    other = sea(f"cod; {OLD} ; dct:isReplacedBy :cod")
    assert replacements(other, other) == {"cod": ()}


def test_of_two_replacements_none_is_chosen() -> None:
    other = sea(f"cod; {OLD} ; dct:isReplacedBy :eel, :ray", "eel", "ray")
    term = terms_that_go(sea("cod"), other)[f"{SEA}cod"]
    assert (len(term.replaced_by), term.replacement) == (2, None)


def test_two_ways_to_one_replacement_are_one() -> None:
    other = sea(
        f"cod; {OLD} ; dct:isReplacedBy :eel, :ray", f"eel; {OLD} ; dct:isReplacedBy :ray", "ray"
    )
    assert replacements(sea("cod"), other)["cod"] == ("ray",)


def test_what_means_the_same_replaces_a_removed_term() -> None:
    today = sea("cod; skos:exactMatch :eel", "eel", "ray; skos:exactMatch :elsewhere")
    assert replacements(today, sea("eel")) == {"cod": ("eel",), "ray": ()}


def test_what_is_newly_said_to_mean_the_same_replaces_a_removed_term() -> None:
    assert replacements(sea("cod"), sea("gadus; skos:exactMatch :cod")) == {"cod": ("gadus",)}


def test_what_means_the_same_does_not_replace_a_deprecated_term() -> None:
    other = sea(f"cod; {OLD} ; skos:exactMatch :eel", "eel")
    assert replacements(sea("cod"), other) == {"cod": ()}


def test_a_removed_term_is_replaced_by_what_was_last_said_to_replace_it() -> None:
    today = sea(f"cod; {OLD} ; dct:isReplacedBy :eel ; skos:exactMatch :ray", "eel", "ray")
    assert replacements(today, sea("eel", "ray")) == {"cod": ("eel",)}


def test_a_replacement_that_was_removed_itself_is_followed_further() -> None:
    today = sea("cod; skos:exactMatch :eel", "eel; skos:exactMatch :ray", "ray")
    assert replacements(today, sea("ray")) == {"cod": ("ray",), "eel": ("ray",)}


# -- what judging sees


def test_a_new_label_is_nothing_that_judging_sees() -> None:
    assert terms_seen_otherwise(sea("cod"), sea("cod; skos:altLabel 'Cod'@en")) == set()


def test_a_term_that_comes_or_goes_is_seen() -> None:
    assert terms_seen_otherwise(sea("cod"), sea("eel")) == {f"{SEA}cod", f"{SEA}eel"}


def test_whoever_stands_below_a_term_that_moved_is_seen() -> None:
    today = sea("fish", "cod; skos:broader :fish", "baby; skos:broader :cod", "eel")
    other = sea("fish", "cod", "baby; skos:broader :cod", "eel")
    assert terms_seen_otherwise(today, other) == {f"{SEA}cod", f"{SEA}baby"}


def test_a_scheme_that_goes_is_seen_too() -> None:
    assert SEA[:-1] in terms_seen_otherwise(sea(), Vocabularies({}))


# -- what is said afterwards


def term(name: str, *replaced_by: str) -> Term:
    return Term(
        f"{SEA}{name}", name, "sea", Fate.DEPRECATED, tuple(SEA + one for one in replaced_by)
    )


def text(*names: str) -> str:
    return "".join(f"<{ITEM}> <http://e/p> <{SEA}{name}> .\n" for name in names)


def test_a_term_is_cited_where_it_is_a_value_and_not_where_a_text_names_it() -> None:
    terms = {f"{SEA}cod": term("cod"), f"{SEA}eel": term("eel")}
    said = text("cod", "ray") + f'<{ITEM}> <http://e/q> "see <{SEA}eel>" .\n'
    assert [one.label for one in cited(said, terms)] == ["cod"]


def test_a_term_is_replaced_wherever_it_is_a_value() -> None:
    part = f"<{ITEM}#n1> <http://e/q> <{SEA}cod> .\n"
    plan = migrated(ITEM, text("cod") + part, [term("cod", "ray")])
    assert plan is not None
    assert plan.ntriples == part.replace("cod", "ray") + text("ray")
    assert (len(plan.removed), len(plan.added)) == (2, 2)


def test_the_migrated_description_is_in_the_stored_form() -> None:
    plan = migrated(ITEM, text("cod", "hake"), [term("cod", "ray")])
    assert plan is not None
    assert plan.ntriples == text("hake", "ray")


def test_what_is_said_already_is_not_said_twice() -> None:
    plan = migrated(ITEM, text("cod", "ray"), [term("cod", "ray")])
    assert plan is not None
    assert (plan.ntriples, plan.added) == (text("ray"), ())


def test_without_a_replacement_there_is_no_migration() -> None:
    assert migrated(ITEM, text("cod"), [term("cod")]) is None
    assert migrated(ITEM, text("cod"), [term("cod", "eel", "ray")]) is None


def test_migrating_twice_changes_nothing_more() -> None:
    plan = migrated(ITEM, text("cod"), [term("cod", "ray")])
    assert plan is not None
    assert migrated(ITEM, plan.ntriples, [term("cod", "ray")]) is None


# -- verdicts


def finding(level: str = "draft", severity: str = "violation", component: str = "x") -> Finding:
    return Finding(
        severity=severity,  # type: ignore[arg-type]
        level=level,  # type: ignore[arg-type]
        focus_node="<>",
        message="Wrong.",
        component=component,
        help="Long help.",
        line=3,
    )


def verdict(*findings: Finding) -> Verdict:
    return Verdict.of(Report("publication", "v", findings))


def test_a_verdict_counts_violations_alone() -> None:
    assert verdict(finding(severity="warning"), finding(severity="info")) == Verdict()


def test_what_only_the_record_knows_is_left_out() -> None:
    assert verdict(finding("publication", component="record")).conforms_at("publication")


def test_a_violation_of_publication_leaves_a_draft_conforming() -> None:
    found = verdict(finding("publication"))
    assert found.conforms_at("draft")
    assert not found.conforms_at("publication")


def test_a_violation_of_a_draft_blocks_publication_too() -> None:
    assert not verdict(finding("draft")).conforms_at("publication")


def test_a_verdict_tells_few_of_many_violations_and_knows_all_levels() -> None:
    many = [replace(finding(), message=str(number)) for number in range(100)]
    found = verdict(*many, finding("publication"))
    assert len(found.violations) == MOST_VIOLATIONS
    assert found.blocked == {"draft", "publication"}


def test_a_verdict_comes_back_from_json_without_what_helps_at_an_editor() -> None:
    found = verdict(finding())
    brief = replace(finding(), help=None, line=None)
    assert Verdict.from_dict(found.to_dict()) == replace(found, violations=(brief,))


def test_what_could_not_be_judged_conforms_at_no_level() -> None:
    assert not Verdict(problem="Too complex.").conforms_at("draft")


@pytest.mark.parametrize(
    ("conforms", "found", "outcome"),
    [
        (True, verdict(), Outcome.CONFORMS),
        (True, verdict(finding()), Outcome.BREAKS),
        (False, verdict(), Outcome.IMPROVES),
        (False, verdict(finding()), Outcome.FAILS),
        (True, Verdict(problem="Too complex."), Outcome.UNJUDGED),
        (False, Verdict(problem="Too complex."), Outcome.UNJUDGED),
    ],
)
def test_verdicts_compare(conforms: bool, found: Verdict, outcome: Outcome) -> None:
    assert outcome_of(conforms=conforms, verdict=found, level="draft") is outcome


# -- the report

COD = term("cod", "ray")


def affected(item_id: str = "0123456789", n: int = 1, **more: object) -> Affected:
    said: dict[str, object] = {
        "item_id": item_id,
        "version": n,
        "stage": f"{n}.1.0.1",
        "state": State.PUBLISHED,
        "type": "model",
        "title": "A model",
        "owner": "ana",
        "level": "publication",
        "draft_open": False,
        "outcome": Outcome.CONFORMS,
        "verdict": Verdict(),
    }
    return Affected(**(said | more))  # type: ignore[arg-type]


def impact(*found: Affected, limit: int = 10) -> Impact:
    report = Impact(BASE, "today", "other", {COD.iri: COD}, limit)
    for one in found:
        report.count(one)
    return report


def test_what_conforms_and_cites_nothing_is_counted_alone() -> None:
    said = impact(affected()).to_dict()
    assert (said["breaks"], said["outcomes"]["conforms"], said["affected"]) == (False, 1, [])


def test_what_breaks_is_told_with_its_address_and_why() -> None:
    broken = affected(outcome=Outcome.BREAKS, verdict=verdict(finding("publication")))
    report = impact(broken)
    assert report.breaks
    text = report.to_text()
    assert "1 would newly fail" in text
    assert 'model "A model", published, of ana' in text
    assert f"{BASE}items/0123456789/v/1" in text
    assert "✗ Wrong." in text


def test_what_could_not_be_judged_counts_as_broken() -> None:
    report = impact(affected(outcome=Outcome.UNJUDGED, verdict=Verdict(problem="Too complex.")))
    assert report.breaks
    assert "✗ Too complex." in report.to_text()


def test_an_item_that_cites_a_term_in_two_versions_uses_it_once() -> None:
    report = impact(
        affected(cites=(COD,)), affected(n=2, cites=(COD,)), affected("b", cites=(COD,))
    )
    assert report.uses[COD.iri] == 2
    assert report.to_dict()["terms"][0]["items"] == 2


def test_the_table_tells_the_replacement_of_each_term() -> None:
    assert f"replaced by <{SEA}ray>" in impact(affected(cites=(COD,))).to_text()


def test_terms_that_nobody_cites_are_counted_alone() -> None:
    assert "1 that go, or are deprecated, cited by none." in impact(affected()).to_text()


def test_beyond_the_limit_of_a_kind_versions_are_counted_and_not_listed() -> None:
    broken = [
        affected(str(number), outcome=Outcome.BREAKS, verdict=verdict(finding()))
        for number in range(5)
    ]
    citing = [affected(f"c{number}", cites=(COD,)) for number in range(3)]
    report = impact(*citing, *broken, limit=2)
    said = report.to_dict()
    assert [len(said["affected"]), said["left_out"], said["outcomes"]["breaks"]] == [4, 4, 5]
    assert "Would newly fail (5, the first 2):" in report.to_text()


def test_what_was_written_and_what_was_not_are_told_apart() -> None:
    report = impact()
    report.applied = [Applied("a", 1, "version 2 was begun"), Applied("b", 1, "moved on", True)]
    assert report.failed
    text = report.to_text()
    assert "a version 1: version 2 was begun" in text
    assert "nothing was published" in text
    assert "b version 1: moved on" in text.partition("Not written:")[2]


def migrating(**more: object) -> Affected:
    plan = migrated(ITEM, text("cod"), [COD])
    return affected(cites=(COD,), migration=plan, afterwards=Verdict(), **more)


def test_a_migration_that_conforms_is_counted_and_told() -> None:
    report = impact(migrating())
    assert (report.migrating, report.conforming_afterwards) == (1, 1)
    assert "→ conforms once migrated" in report.to_text()


def test_a_patch_names_item_and_version_and_replaces_line_by_line() -> None:
    assert patch_of(migrating(), BASE).splitlines() == [
        "# model 0123456789 version 1, published",
        "TX .",
        f"D <{BASE}items/0123456789> <http://e/p> <{SEA}cod> .",
        f"A <{BASE}items/0123456789> <http://e/p> <{SEA}ray> .",
        "TC .",
    ]


def test_without_a_migration_there_is_no_patch() -> None:
    assert patch_of(affected(cites=(COD,)), BASE) == ""


def test_a_migration_says_what_it_takes_away_and_adds() -> None:
    statement = (f"<{ITEM}>", "<http://e/p>", f"<{SEA}cod>")
    plan = migrated(ITEM, text("cod"), [COD])
    assert plan == Migration(text("ray"), (statement,), ((*statement[:2], f"<{SEA}ray>"),))
