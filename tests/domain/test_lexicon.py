"""What is found among the terms, in which order, and that the reason told is true."""

import re
import string
import time
import unicodedata
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from catalog.domain.description import literal
from catalog.domain.identifiers import SAGE, VOCAB
from catalog.domain.schemes import SKOS, Vocabularies
from catalog.domain.terms.lexicon import Hit, How, Lexicon
from catalog.library import library

PREFIXES = f"""
@prefix dct: <http://purl.org/dc/terms/> .
@prefix group: <{VOCAB}group/> .
@prefix kind: <{VOCAB}kind/> .
@prefix measurement: <{VOCAB}measurement/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix sage: <{SAGE}> .
@prefix sensor: <{VOCAB}sensor/> .
@prefix skos: <{SKOS}> .
@prefix unit: <{VOCAB}unit/> .
"""
FILES = {
    "group": f"""{PREFIXES}
<{VOCAB}group> a skos:ConceptScheme ; dct:title "Groups"@en .
group:env a skos:Concept ; skos:prefLabel "Environment"@en ; skos:notation "env" ;
  skos:narrower measurement:env.temperature .
""",
    "measurement": f"""{PREFIXES}
<{VOCAB}measurement> a skos:ConceptScheme ; dct:title "Measurements"@en .
measurement:env.temperature a skos:Concept ; skos:prefLabel "Temperature"@en, "Temperatur"@de ;
  skos:notation "env.temperature" ; skos:altLabel "Luftwärme"@de ;
  skos:definition "How warm the air is, in the shade."@en ;
  skos:broader group:env ; sage:sensor sensor:bme680 ; sage:unit unit:degC .
measurement:temperature.hut a skos:Concept ; skos:prefLabel "Temperature of the hut"@en ;
  skos:hiddenLabel "hutte"@en ; sage:sensor sensor:rg15 .
measurement:rain a skos:Concept ; skos:prefLabel "Rain"@en ; sage:sensor sensor:rg15 .
measurement:humidity a skos:Concept ; skos:prefLabel "Relative humidity"@en ;
  sage:unit unit:percent ; skos:altLabel "envRelHumidity" .
""",
    "sensor": f"""{PREFIXES}
<{VOCAB}sensor> a skos:ConceptScheme ; dct:title "Sensors"@en .
sensor:bme680 a skos:Concept ; skos:prefLabel "BME680"@en ; skos:altLabel "Bosch BME680"@en ;
  skos:definition "Small box with four elements."@en .
sensor:rg15 a skos:Concept ; skos:prefLabel "Hydreon RG-15"@en ; skos:notation "rain.gauge" .
""",
    "unit": f"""{PREFIXES}
<{VOCAB}unit> a skos:ConceptScheme ; dct:title "Units"@en .
unit:degC a skos:Concept ; skos:prefLabel "Degree Celsius"@en ; skos:altLabel "°C", "degrees C" .
unit:percent a skos:Concept ; skos:prefLabel "Percent"@en ; skos:altLabel "%" .
""",
}
LABELS = {f"{SAGE}sensor": "Measured by", f"{SAGE}unit": "Unit", f"{SKOS}broader": "Broader"}
WORDS = ("temperature", "sensor", "W02", "snow", "of", "air", "licence", "gsp", "m/s", "a", "%")
PREF, ALT, HIDDEN = f"{SKOS}prefLabel", f"{SKOS}altLabel", f"{SKOS}hiddenLabel"
NOTATION, DEFINITION = f"{SKOS}notation", f"{SKOS}definition"


def lexicon_of(files: dict[str, str]) -> Lexicon:
    texts = {name: text.encode() for name, text in files.items()}
    return Lexicon(Vocabularies(texts), LABELS.get)


def lexicon_of_kinds(*concepts: str) -> Lexicon:
    """Return the lexicon of one scheme, from what follows `kind:`."""
    described = "".join(f"kind:{concept} .\n" for concept in concepts)
    title = f'<{VOCAB}kind> a skos:ConceptScheme ; dct:title "Kinds"@en .'
    return lexicon_of({"kind": f"{PREFIXES}{title}\n{described}"})


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    return lexicon_of(FILES)


@cache
def real() -> Lexicon:
    return library().lexicon


def names(hits: tuple[Hit, ...]) -> list[str]:
    return [hit.iri.removeprefix(VOCAB) for hit in hits]


def found(lexicon: Lexicon, text: str) -> list[str]:
    return names(lexicon.search(text).hits)


# ---- what is found, and why


@pytest.mark.parametrize(
    ("text", "name", "said_by", "said", "how"),
    [
        ("temperature", "measurement/env.temperature", PREF, "Temperature", How.EXACT),
        ("env.temp", "measurement/env.temperature", NOTATION, "env.temperature", How.BEGINNING),
        ("Bosch", "sensor/bme680", ALT, "Bosch BME680", How.BEGINNING),
        ("hutte", "measurement/temperature.hut", HIDDEN, "hutte", How.EXACT),
        ("hydr", "sensor/rg15", PREF, "Hydreon RG-15", How.BEGINNING),
        ("celsius", "unit/degC", PREF, "Degree Celsius", How.WORD),
        ("elements", "sensor/bme680", DEFINITION, "Small box with four elements.", How.WORD),
        ("humditiy", "measurement/humidity", PREF, "Relative humidity", How.CLOSE),
        ("%", "unit/percent", ALT, "%", How.EXACT),
        ("° c", "unit/degC", ALT, "°C", How.EXACT),
    ],
)
def test_a_term_is_found_by_everything_that_names_it_and_the_reason_is_told(
    lexicon: Lexicon, text: str, name: str, said_by: str, said: str, how: How
) -> None:
    first = lexicon.search(text).hits[0]
    assert (names((first,)), first.property, first.text, first.how) == ([name], said_by, said, how)


def test_the_reason_is_the_linking_property_where_a_linked_term_was_meant(
    lexicon: Lexicon,
) -> None:
    hits = lexicon.search("hydreon").hits
    assert [(hit.property, hit.text) for hit in hits if hit.scheme == "measurement"] == [
        (f"{SAGE}sensor", "Hydreon RG-15")
    ] * 2


@pytest.mark.parametrize(
    "text",
    [
        "temperature bme680",
        "BME680 temperature",
        "env temperature bosch",
        "temperature degrees",
        "environment shade",
        "temperature measured by a BME680",
    ],
)
def test_words_may_stand_in_different_places(lexicon: Lexicon, text: str) -> None:
    assert found(lexicon, text) == ["measurement/env.temperature"]


def test_what_is_below_a_term_says_nothing_about_it(lexicon: Lexicon) -> None:
    assert "group/env" not in found(lexicon, "shade environment")


def test_the_label_of_a_link_finds_nothing_alone(lexicon: Lexicon) -> None:
    assert found(lexicon, "measured by") == []


def test_the_kind_of_a_term_may_stand_beside_its_name(lexicon: Lexicon) -> None:
    assert found(lexicon, "rain measurement")[0] == "measurement/rain"


def test_a_kind_in_another_form_may_stand_there_too(lexicon: Lexicon) -> None:
    assert found(lexicon, "rain measuring")[0] == "measurement/rain"


@pytest.mark.parametrize(
    "text",
    [
        "ENV.TEMPERATURE",
        "env_temperature",
        "Env-Temperature",
        "env/temperature",
        "envTemperature",
        "  env  temperature  ",
        "e\u0301nv.te\u0301mperature",
    ],
)
def test_case_accents_and_separators_do_not_matter(lexicon: Lexicon, text: str) -> None:
    hit = lexicon.search(text).hits[0]
    assert (hit.text, hit.how) == ("env.temperature", How.EXACT)


def test_an_accent_may_be_missing_or_be_written_in_two_characters(lexicon: Lexicon) -> None:
    for text in ("Luftwarme", "Luftwärme", unicodedata.normalize("NFD", "LUFTWÄRME")):
        assert found(lexicon, text) == ["measurement/env.temperature"]


@pytest.mark.parametrize("text", ["bme-680", "BME 680", "bme_680 box", "bme 680 bosch"])
def test_letters_and_digits_may_be_parted(lexicon: Lexicon, text: str) -> None:
    assert found(lexicon, text)[0] == "sensor/bme680"


@pytest.mark.parametrize("text", ["raingauge", "rg15 hydreon", "rain gauge"])
def test_what_is_parted_may_be_written_as_one(lexicon: Lexicon, text: str) -> None:
    assert found(lexicon, text)[0] == "sensor/rg15"


def test_the_parts_of_a_camel_case_name_are_words(lexicon: Lexicon) -> None:
    assert found(lexicon, "rel humidity env") == ["measurement/humidity"]


def test_small_words_do_not_matter_beside_others(lexicon: Lexicon) -> None:
    assert found(lexicon, "the humidity of a percent") == ["measurement/humidity"]


def test_a_small_word_alone_is_a_word() -> None:
    assert found(lexicon_of_kinds('a a skos:Concept ; skos:prefLabel "of"@en'), "of") == ["kind/a"]


def test_only_the_last_word_is_a_beginning(lexicon: Lexicon) -> None:
    assert found(lexicon, "relative hum") == ["measurement/humidity"]
    assert lexicon.search("hum relative").hits[0].how is How.CLOSE


# ---- typing errors


@pytest.mark.parametrize(
    "text",
    ["humidty", "huumidity", "humitidy", "humidjty", "relative humdi", "humditiy", "hunidite"],
)
def test_typing_errors_are_forgiven_also_in_the_word_being_typed(
    lexicon: Lexicon, text: str
) -> None:
    hit = lexicon.search(text).hits[0]
    assert (names((hit,)), hit.text, hit.how) == (
        ["measurement/humidity"],
        "Relative humidity",
        How.CLOSE,
    )


@pytest.mark.parametrize("text", ["ran", "reixn", "xumixitx", "hu", "en"])
def test_a_word_holds_only_as_many_errors_as_its_length_allows(lexicon: Lexicon, text: str) -> None:
    close = [hit for hit in lexicon.search(text).hits if hit.how is How.CLOSE]
    assert not close


def test_where_many_terms_fit_as_typed_errors_are_not_looked_for() -> None:
    many = [f'a{n} a skos:Concept ; skos:prefLabel "barn {n}"@en' for n in range(60)]
    lexicon = lexicon_of_kinds(*many, 'b a skos:Concept ; skos:prefLabel "born"@en')
    assert lexicon.search("barn").total == 60
    assert lexicon.search("barn 1").hits[0].text == "barn 1"


# ---- the order


def test_exact_beats_beginning_beats_word_beats_close() -> None:
    lexicon = lexicon_of_kinds(
        'a a skos:Concept ; skos:prefLabel "Roud"@en',
        'b a skos:Concept ; skos:prefLabel "Far road"@en',
        'c a skos:Concept ; skos:prefLabel "Road side"@en',
        'd a skos:Concept ; skos:prefLabel "A very long name"@en ; skos:hiddenLabel "road"@en',
    )
    hits = lexicon.search("road").hits
    assert [(hit.iri[-1], hit.how) for hit in hits] == [
        ("d", How.EXACT),
        ("c", How.BEGINNING),
        ("b", How.WORD),
        ("a", How.CLOSE),
    ]


def test_names_beat_other_names_beat_definitions_beat_links() -> None:
    lexicon = lexicon_of_kinds(
        'a a skos:Concept ; skos:prefLabel "1"@en ; skos:related kind:f',
        'b a skos:Concept ; skos:prefLabel "2"@en ; skos:definition "Some snow."@en',
        'c a skos:Concept ; skos:prefLabel "3"@en ; skos:hiddenLabel "my snow"@en',
        'd a skos:Concept ; skos:prefLabel "4"@en ; skos:altLabel "my snow"@en',
        'e a skos:Concept ; skos:prefLabel "5"@en ; skos:notation "my.snow"',
        'f a skos:Concept ; skos:prefLabel "My snow, too"@en',
    )
    assert [hit.iri[-1] for hit in lexicon.search("snow").hits] == list("efdcba")


def test_what_is_deprecated_comes_after_its_equals_then_the_shorter_the_general_the_iri() -> None:
    lexicon = lexicon_of_kinds(
        'a a skos:Concept ; skos:prefLabel "Snow"@en ; owl:deprecated true',
        'b a skos:Concept ; skos:prefLabel "Big snow"@en ; skos:altLabel "snow"@en',
        'c a skos:Concept ; skos:prefLabel "Snow"@en ; skos:broader kind:e',
        'd a skos:Concept ; skos:prefLabel "snow"@en ; skos:broader kind:e',
        'e a skos:Concept ; skos:prefLabel "Snow"@en',
    )
    assert [hit.iri[-1] for hit in lexicon.search("snow").hits] == list("ecdab")


def test_what_is_deprecated_can_be_left_out() -> None:
    lexicon = lexicon_of_kinds(
        'a a skos:Concept ; skos:prefLabel "Snow"@en ; owl:deprecated true',
        'b a skos:Concept ; skos:prefLabel "Snow"@en',
    )
    assert names(lexicon.search("snow", deprecated=False).hits) == ["kind/b"]


def test_where_nothing_has_all_words_what_has_the_most_is_found(lexicon: Lexicon) -> None:
    hits = lexicon.search("temperature bme680 quagmire").hits
    assert [(names((hit,)), hit.how) for hit in hits] == [
        (["measurement/env.temperature"], How.CLOSE)
    ]


def test_the_kind_of_a_term_alone_is_no_partial_fit(lexicon: Lexicon) -> None:
    assert found(lexicon, "quagmire measurement") == []


# ---- part of what is found


def test_one_or_several_schemes_can_be_asked(lexicon: Lexicon) -> None:
    one = lexicon.search("rain", schemes=["sensor"])
    two = lexicon.search("rain", schemes=["sensor", "measurement"])
    assert {hit.scheme for hit in one.hits} == {"sensor"}
    assert {hit.scheme for hit in two.hits} == {"sensor", "measurement"}
    assert (one.total, two.total) == (len(one.hits), len(two.hits))


def test_a_scheme_that_is_not_there_has_nothing(lexicon: Lexicon) -> None:
    assert lexicon.search("rain", schemes=["no-such"]).total == 0


@pytest.mark.parametrize("text", ["s", "camera", "licence", "tempreture", "node quagmire"])
def test_pages_together_are_the_whole_and_the_total_is_right(text: str) -> None:
    total = real().search(text, limit=0).total
    pages = [real().search(text, limit=70, offset=at) for at in range(0, total + 70, 70)]
    hits = [hit.iri for page in pages for hit in page.hits]
    assert len(hits) == len(set(hits)) == total
    assert {page.total for page in pages} == {total}
    assert [hit.iri for hit in real().search(text, limit=total + 9).hits] == hits


@pytest.mark.parametrize(("limit", "offset"), [(0, 0), (-1, 0), (20, 10**12), (10**12, 10**12)])
def test_a_page_beyond_the_end_is_empty_and_still_counts(
    lexicon: Lexicon, limit: int, offset: int
) -> None:
    page = lexicon.search("temperature", limit=limit, offset=offset)
    assert (page.hits, page.total) == ((), 2)


def test_hits_are_sorted_by_how_they_fit() -> None:
    order = list(How)
    for text in ("snow", "temp", "camera", "air quality", "bme280"):
        hits = real().search(text, limit=500).hits
        assert all(order.index(a.how) <= order.index(b.how) for a, b in pairwise(hits)), text


# ---- languages


def test_a_language_leaves_out_what_is_said_in_others(lexicon: Lexicon) -> None:
    assert lexicon.search("Luftwärme", language="de").total == 1
    assert lexicon.search("Luftwärme", language="en").total == 0
    assert lexicon.search("Luftwärme", language="de-AT").total == 1


def test_what_is_in_no_language_is_found_in_each(lexicon: Lexicon) -> None:
    for language in ("de", "en", "fr"):
        assert lexicon.search("env.temperature", language=language).total == 1
    assert lexicon.search("rain", language="fr").hits[0].text == "rain.gauge"


# ---- anything may be typed


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            " ",
            "\0",
            "...",
            "*",
            "AND (",
            "field:x",
            'word"',
            "temperature AND (",
            "a OR b NOT",
        ),
        *("🌧🌧", "درجة الحرارة", "\u202eerutarepmet", "温度", "\ud800", "\\", "^~[x TO y]", "1e999"),
        *("x" * 10_000, "a " * 5_000, "temperature " * 900, "ﷺ" * 300, "\u0301" * 300, "Ǆ" * 300),
        "humidty tempreture irradance measurment " * 5,
    ],
    ids=ascii,
)
def test_any_text_is_safe_and_answered_at_once(text: str) -> None:
    real().search("x")
    began = time.perf_counter()
    page = real().search(text)
    assert page.total >= len(page.hits)
    assert time.perf_counter() - began < 2


@settings(deadline=None, max_examples=150)
@given(st.text(max_size=60))
def test_no_text_breaks_the_search(text: str) -> None:
    assert all(is_true(hit, text) for hit in real().search(text, limit=5).hits)


def test_nothing_is_found_where_there_is_nothing() -> None:
    assert lexicon_of({}).search("rain").total == 0


def test_a_circle_in_broader_does_no_harm() -> None:
    lexicon = lexicon_of_kinds(
        'a a skos:Concept ; skos:prefLabel "Snow"@en ; skos:broader kind:b',
        'b a skos:Concept ; skos:prefLabel "Ice"@en ; skos:broader kind:a, kind:b',
    )
    assert found(lexicon, "snow") == ["kind/a", "kind/b"]


def test_many_threads_find_what_one_finds() -> None:
    texts = ["temp", "bme680", "humdity", "apache 2", "snow node"] * 40
    fresh = Lexicon(library().vocabularies, library().label)
    with ThreadPoolExecutor(16) as pool:
        pages = list(pool.map(fresh.search, texts))
    assert pages == [real().search(text) for text in texts]


# ---- the real vocabularies


@pytest.mark.parametrize(
    ("text", "name", "among"),
    [
        ("temperature bme680", "measurement/env.temperature", 4),
        ("temperature measured by a BME680", "measurement/env.temperature", 1),
        ("humidity %", "measurement/env.relative_humidity", 3),
        ("W023", "node/W023", 1),
        ("env.temp", "measurement/env.temperature", 1),
        ("degrees celsius", "unit/degC", 2),
        ("apache 2", "https://spdx.org/licenses/Apache-2.0", 1),
        ("solar irradiance env", "measurement/env.solar.irradiance", 2),
    ],
)
def test_what_a_person_asks_for_is_found(text: str, name: str, among: int) -> None:
    assert name in found(real(), text)[:among]


# ---- the reason told is true, whatever was typed


@cache
def spellings() -> tuple[tuple[str, str], ...]:
    """Every concept with every name it has."""
    vocabularies = library().vocabularies
    return tuple(
        (iri, literal(term).text)
        for scheme in vocabularies.schemes()
        for iri in scheme.concepts
        for said in (PREF, ALT, HIDDEN, NOTATION)
        for term in (vocabularies.row(iri) or {}).get(f"<{said}>", ())
    )


@st.composite
def damaged(draw: st.DrawFn) -> tuple[str, str, str]:
    """Draw a concept, one of its names, and that name with one letter mistyped."""
    iri, name = draw(st.sampled_from(spellings()))
    words = plain_words(name)
    long = [word for word in words if 5 <= len(word) <= 40 and word.isalnum()]
    assume(long and len(set(words)) <= 12 and len(name) < 190)
    word = draw(st.sampled_from(long))
    place = draw(st.integers(0, len(word) - 2))
    letter = draw(st.sampled_from(string.ascii_lowercase))
    other = draw(
        st.sampled_from(
            [
                word[:place] + word[place + 1 :],
                word[:place] + letter + word[place:],
                word[:place] + letter + word[place + 1 :],
                word[:place] + word[place + 1] + word[place] + word[place + 2 :],
            ]
        )
    )
    words[words.index(word)] = other
    return iri, name, " ".join(words)


@settings(deadline=None, max_examples=300, suppress_health_check=list(HealthCheck))
@given(damaged())
def test_a_name_with_a_typing_error_finds_its_term_and_the_reason_is_true(
    drawn: tuple[str, str, str],
) -> None:
    iri, _, typed = drawn
    page = real().search(typed, limit=6_000)
    rightly = sum(hit.how is not How.CLOSE for hit in page.hits)
    assert iri in {hit.iri for hit in page.hits} or rightly >= 50
    assert all(is_true(hit, typed) for hit in page.hits[:50])


@settings(deadline=None, max_examples=200, suppress_health_check=list(HealthCheck))
@given(st.lists(st.sampled_from(WORDS)))
@example(["sensor", "xyzzy"])
def test_the_reason_is_true_for_any_words(words: list[str]) -> None:
    typed = " ".join(words)
    assert all(is_true(hit, typed) for hit in real().search(typed, limit=50).hits)


def is_true(hit: Hit, typed: str) -> bool:
    """Tell whether the property and the text stand at the concept, and the text fits as told."""
    return hit.text in said_at(hit.iri, hit.property) and fits(hit, typed)


def said_at(iri: str, said_by: str) -> Iterator[str]:
    """Yield the literals of a property, and the names of the concepts it leads to."""
    vocabularies = library().vocabularies
    for term in (vocabularies.row(iri) or {}).get(f"<{said_by}>", ()):
        if term[0] == '"':
            yield literal(term).text
        else:
            linked = vocabularies.row(term[1:-1]) or {}
            for name in (PREF, ALT, NOTATION):
                yield from (literal(term).text for term in linked.get(f"<{name}>", ()))


def fits(hit: Hit, typed: str) -> bool:
    whole, text = "".join(plain_words(typed)), "".join(plain_words(hit.text))
    if hit.how is How.EXACT:
        return whole == text
    if hit.how is How.BEGINNING:
        return text.startswith(whole)
    return any(stands(word, hit) for word in plain_words(typed))


def stands(word: str, hit: Hit) -> bool:
    """Tell whether a word, or one it may mean, is in the text, maybe of a camel-case name."""
    words = plain_words(hit.text)
    parts = re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+", hit.text)
    there = {*words, *(a + b for a, b in pairwise(words)), *map(str.casefold, parts)}
    pieces = "".join(plain_words(hit.text))
    edits = 0 if len(word) < 4 or hit.how is not How.CLOSE else 1 if len(word) < 8 else 2
    return word in pieces or any(distance_to_beginning(word, other) <= edits for other in there)


def plain_words(text: str) -> list[str]:
    """Return the words of a text, by another way than the product's."""
    decomposed = unicodedata.normalize("NFKD", text)
    kept = "".join(c for c in decomposed if unicodedata.category(c)[0] != "M").casefold()
    spaced = "".join(c if c.isalnum() or c in "+#" else f" {c} " for c in kept)
    words = (word.lstrip("+#") for word in re.sub(r"([+#]+)", r"\1 ", spaced).split())
    return [word for word in words if word and (word[0].isalnum() or word in "%‰°€$£¥")]


def distance_to_beginning(word: str, other: str) -> int:
    """Return the fewest typing errors between a word and any beginning of another."""
    rows = [[0] * (len(other) + 1) for _ in range(len(word) + 1)]
    for i in range(len(word) + 1):
        for j in range(len(other) + 1):
            if not i or not j:
                rows[i][j] = i + j
                continue
            swap = i > 1 and j > 1 and word[i - 1] == other[j - 2] and word[i - 2] == other[j - 1]
            rows[i][j] = min(
                rows[i - 1][j] + 1,
                rows[i][j - 1] + 1,
                rows[i - 1][j - 1] + (word[i - 1] != other[j - 1]),
                rows[i - 2][j - 2] + 1 if swap else 99,
            )
    return min(rows[-1])
