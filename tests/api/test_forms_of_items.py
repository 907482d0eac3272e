"""Forms that the shapes make: filled, sent, corrected, copied, and opened on what is there."""

import re
from importlib.resources import files

import pytest

from api.form_fields import asks, shape_of
from api.form_tree import MOST_CONTROLS
from catalog.jail.judging import JailedJudge
from catalog.jail.querying import JailedQueries
from catalog.library import library
from catalog.services.accounts import actor_of_token
from catalog.services.samples import load_samples
from tests.api.pages import PageForm, Reader, form_of
from tests.api.sites import TURTLE, Site, kept, site_in
from tests.api.test_samples import ids_of
from tests.catalogs import now

JSON = "application/json"
TYPES = library().item_types


@pytest.fixture
def owner(site: Site) -> Reader:
    return Reader(site)


@pytest.fixture
def model(owner: Reader) -> PageForm:
    return owner.form("/new/model")


def saved(reader: Reader, form: PageForm) -> str:
    """Save a form; return the path of its item."""
    answer = reader.send(form)
    assert answer.status_code == 303, answer.text[:3_000]
    return answer.headers["Location"].partition("?")[0]


def turtle(site: Site, path: str) -> str:
    answer = site.admin.get(f"{path}.nt")
    assert answer.status_code == 200, answer.text
    return answer.text


# -- what is there already


def test_every_real_item_saved_unchanged_from_its_form_stays_the_same(
    tmp_path_factory: pytest.TempPathFactory, judge: JailedJudge, queries: JailedQueries
) -> None:
    site = site_in(tmp_path_factory.mktemp("forms"), judge, queries)
    folder = files("catalog.samples")
    sources = [file.read_bytes() for file in folder.iterdir() if file.name.endswith(".ttl")]
    load_samples(site.parts, actor_of_token(site.parts, site.tokens["admin"], now=now()),
                 sources, now=now())  # fmt: skip
    site.settle()
    reader, changed = Reader(site, "admin"), {}
    for item_id in ids_of(site):
        form = reader.form(f"/items/{item_id}/edit")
        answer = reader.send(form, accept=JSON)
        if answer.status_code != 200 or answer.get_json()["stage"] != form["stage~"]:
            changed[item_id] = answer.text[:2_000]
    assert changed == {}


HARD = """
@prefix dcat: <http://www.w3.org/ns/dcat#> .
@prefix dct: <http://purl.org/dc/terms/> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> .
@prefix it6: <http://data.europa.eu/it6/> .
@prefix sage: <https://w3id.org/sage/ns#> .
@prefix schema: <https://schema.org/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .

<> a it6:MachineLearningModel, <https://example.org/Thing> ;
  dct:title "Ein \\"Titel\\" & <b>"@de, "A title"@en-GB ;
  dct:description "One\\r\\ntwo\\n\\n  three  "@en, "\\nleading"@fr ;
  dct:creator <#b>, <#a> ;
  dct:contributor <#b> ;
  dcat:keyword "x"@en, "x" ;
  sage:threshold 0.50, "5e-1"^^xsd:double ;
  <https://example.org/unknown> "kept \\\\ <b>"@en, <#c> ;
  it6:totalNumberOfParameters "007"^^xsd:nonNegativeInteger ;
  sage:runtimeRequirement <#r>, sage:notStated .
<#a> a foaf:Person ; foaf:name "Ana" ; schema:position 2 ; schema:affiliation <#org> .
<#b> a foaf:Person ; foaf:name "Ben" ; schema:position 1 ; schema:affiliation <#org> .
<#org> a foaf:Organization ; foaf:name "Org" ; schema:affiliation <#a> .
<#c> a <https://example.org/Odd> ; <https://example.org/p> <#c> .
<#r> a sage:RuntimeRequirement ; sage:memoryBytes sage:notStated .
"""


def test_what_a_form_can_hardly_show_comes_back_to_the_letter(site: Site, owner: Reader) -> None:
    source = HARD.replace('0.50, "5e-1"^^xsd:double', "0.50")
    one = kept(site.owner.post("/items", source, Content_Type=TURTLE))
    form = owner.form(f"{one.path}/edit")
    answer = owner.send(form, accept=JSON)
    assert answer.get_json()["stage"] == one.stage
    assert "Kept as it is" in owner.get(f"{one.path}/edit").text


def test_what_the_form_does_not_show_survives_a_change(site: Site, owner: Reader) -> None:
    source = HARD.replace('0.50, "5e-1"^^xsd:double', "0.50")
    one = kept(site.owner.post("/items", source, Content_Type=TURTLE))
    form = owner.form(f"{one.path}/edit")
    saved(owner, form.set({"parameter-count.0": "27,000,000"}))
    said = turtle(site, one.path)
    assert '"27000000"^^<http://www.w3.org/2001/XMLSchema#nonNegativeInteger>' in said
    assert "<https://example.org/unknown>" in said
    assert "#c> <https://example.org/p> " in said


def test_people_keep_their_order_and_take_a_new_one(site: Site, owner: Reader) -> None:
    one = kept(
        site.owner.post("/items", HARD.replace(', "5e-1"^^xsd:double', ""), Content_Type=TURTLE)
    )
    form = owner.form(f"{one.path}/edit")
    assert form["creator.0~node"] == "b"
    raised = form_of(owner.send(form, "up:creator.1"))
    assert (raised["creator.0~node"], raised["creator.1~node"]) == ("a", "b")
    saved(owner, raised)
    assert owner.form(f"{one.path}/edit")["creator.0~node"] == "a"


def test_a_removed_part_goes_with_all_that_was_kept_about_it(site: Site, owner: Reader) -> None:
    one = site.draft("Removed")
    form = owner.form(f"{one.path}/edit")
    less = form_of(owner.send(form, "remove:creator.0"))
    saved(owner, less)
    assert "Ana Ruiz" not in turtle(site, one.path)
    assert "#ana" not in turtle(site, one.path)


def test_a_part_that_others_name_moves_to_them(site: Site, owner: Reader) -> None:
    source = HARD.replace(', "5e-1"^^xsd:double', "").replace("dct:contributor <#b> ;", "")
    one = kept(site.owner.post("/items", source, Content_Type=TURTLE))
    form = owner.form(f"{one.path}/edit")
    assert form["creator.1.person-affiliation.0"] == "#org"
    less = form_of(owner.send(form, "remove:creator.0"))
    assert less["creator.0.person-affiliation.0~node"] == "org"
    saved(owner, less)
    assert '"Org"' in turtle(site, one.path)


# -- a new item


@pytest.mark.parametrize("item_type", TYPES)
def test_every_type_has_a_form_that_asks_for_all_that_its_shape_demands(
    owner: Reader, item_type: str
) -> None:
    page = owner.get(f"/new/{item_type}").text
    for ask in asks(library(), shape_of(item_type)):
        assert f'id="{ask.key}"' in page
        if ask.field.required:
            assert ask.field.name in page
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("item_type", TYPES)
def test_a_title_is_enough_for_a_draft_of_every_type(owner: Reader, item_type: str) -> None:
    saved(owner, owner.form(f"/new/{item_type}").set({"title.0": f"A {item_type}"}))


def test_every_control_has_a_label(owner: Reader) -> None:
    page = owner.get("/new/model").text
    labelled = set(re.findall(r'<label[^>]* for="([^"]+)"', page))
    for tag in re.findall(r"<(?:input|select|textarea)\b[^>]*>", page):
        if 'type="hidden"' not in tag:
            found = re.search(r' id="([^"]+)"', tag)
            assert "aria-label=" in tag or (found and found[1] in labelled), tag


def test_a_newcomer_describes_a_model_and_publishes_it(site: Site, owner: Reader) -> None:
    form = owner.form("/new/model").set(
        {
            "title.0": "Snow on the housing",
            "description.0": "Tells from one image whether snow covers the housing of a camera.",
            "creator.0.person-name.0": "Ana Ruiz",
            "creator.0.person-identifier.0": "0000-0002-1825-0097",
            "license.0": "https://spdx.org/licenses/MIT",
            "keyword.0": "snow",
            "theme.0": "https://w3id.org/sage/vocab/data-category/camera",
            "ml-task.0": "https://w3id.org/sage/vocab/ml-task/image-classification",
            "publishes.0": "env.coverage.cloud",
            "category~none": "1",
            "intended-use.0": "To know which images are of use.",
            "runtime-requirement~none": "1",
            "has-file~none": "1",
            "trained-on~none": "1",
            "threshold.0": "0.5",
        }
    )
    checked = owner.send(form, "check")
    assert "Nothing is missing" in checked.text
    path = saved(owner, form_of(checked))
    said = turtle(site, path)
    for wanted in (
        '"Snow on the housing"@en',
        "<https://spdx.org/licenses/MIT>",
        '"0.5"^^<http://www.w3.org/2001/XMLSchema#decimal>',
        "<https://w3id.org/sage/vocab/measurement/env.coverage.cloud>",
        "<https://orcid.org/0000-0002-1825-0097>",
        "<http://data.europa.eu/it6/trainedOn> <https://w3id.org/sage/ns#notStated>",
    ):
        assert wanted in said
    published = site.owner.post(f"{path}/publication?wait=0", {}, If_Match="*")
    assert published.status_code == 200, published.text


def test_without_a_title_nothing_is_kept_and_all_that_was_typed_stays(
    site: Site, owner: Reader, model: PageForm
) -> None:
    before = site.inventory()
    answer = owner.send(model.set({"keyword.0": "<i>mine</i>", "creator.0.person-name.0": "Ana"}))
    assert answer.status_code == 422
    assert "<title>Error:" in answer.text
    assert '<a href="#title">Title</a>' in answer.text
    assert "&lt;i&gt;mine&lt;/i&gt;" in answer.text
    assert form_of(answer)["creator.0.person-name.0"] == "Ana"
    assert site.inventory() == before


def test_a_fault_is_told_at_its_control_with_the_nearest_terms(
    owner: Reader, model: PageForm
) -> None:
    answer = owner.send(
        model.set({"title.0": "x", "publishes.0": "env.temprature", "threshold.0": "0,5x"})
    )
    assert answer.status_code == 422
    assert 'id="publishes.0~found"' in answer.text
    assert 'id="threshold.0~found"' in answer.text
    order = re.search(r'value="(use:publishes\.0:[^"]+)"', answer.text)
    assert order
    used = form_of(owner.send(form_of(answer), order[1]))
    assert used["publishes.0"].startswith("Temperature")
    saved(owner, used.set({"threshold.0": ""}))


def test_a_term_is_understood_by_label_notation_spelling_and_iri(
    site: Site, owner: Reader, model: PageForm
) -> None:
    form = form_of(owner.send(model.set({"title.0": "x"}), "add:publishes"))
    for typed in ("Temperature", "env.temperature", "TEMPERATURE",
                  "https://w3id.org/sage/vocab/measurement/env.temperature"):  # fmt: skip
        path = saved(owner, form.set({"title.0": typed, "publishes.0": typed}))
        assert "<https://w3id.org/sage/vocab/measurement/env.temperature>" in turtle(site, path)


def test_parts_within_parts_are_added_and_removed_by_buttons(
    site: Site, owner: Reader, model: PageForm
) -> None:
    form = form_of(owner.send(model.set({"title.0": "Parts"}), "add:creator:organization"))
    form = form_of(owner.send(form, "add:creator.0.person-affiliation:organization"))
    form = form.set(
        {
            "creator.0.person-name.0": "Ana",
            "creator.0.person-affiliation.0.organization-name.0": "Argonne",
            "creator.1.organization-name.0": "Sage",
        }
    )
    form = form_of(owner.send(form, "remove:creator.1"))
    said = turtle(site, saved(owner, form))
    assert '"Argonne"' in said
    assert '"Sage"' not in said


def test_a_licence_in_words_is_a_part(site: Site, owner: Reader, model: PageForm) -> None:
    form = form_of(owner.send(model.set({"title.0": "Words"}), "add:license:licence"))
    name = next(one for one, _ in form.fields if one.endswith("licence-title.0"))
    path = saved(owner, form.set({name: "Ask us"}))
    assert '"Ask us"@en' in turtle(site, path)
    again = owner.form(f"{path}/edit")
    assert "Ask us" in dict(again.fields).values()


def test_the_same_form_sent_twice_makes_one_item(owner: Reader, model: PageForm) -> None:
    form = model.set({"title.0": "Twice"})
    assert saved(owner, form) == saved(owner, form)
    assert saved(owner, form.set({"title.0": "Another"})) != saved(owner, form)


def test_a_draft_saves_itself(owner: Reader, model: PageForm) -> None:
    first = owner.send(model.set({"title.0": "By itself"}), accept=JSON).get_json()
    assert first["missing"] > 3
    assert first["findings"]
    model.action = first["action"]
    form = model.set({"title.0": "By itself, again", "stage~": first["stage"]})
    second = owner.send(form, accept=JSON)
    assert second.status_code == 200
    assert second.get_json()["id"] == first["id"]
    late = owner.send(form.set({"title.0": "Too late"}), accept=JSON)
    assert late.status_code == 412
    wrong = owner.send(model.set({"title.0": ""}), accept=JSON)
    assert wrong.status_code in {412, 422}


# -- somebody else


def test_who_comes_second_is_told_who_was_first_and_loses_nothing(
    site: Site, owner: Reader
) -> None:
    one = site.draft("Before")
    mine = owner.form(f"{one.path}/edit")
    theirs = Reader(site, "admin")
    saved(theirs, theirs.form(f"{one.path}/edit").set({"title.0": "Theirs"}))
    answer = owner.send(mine.set({"title.0": "Mine"}))
    assert answer.status_code == 412
    assert "<strong>admin</strong>" in answer.text
    assert "differ in: Title" in answer.text
    again = form_of(answer)
    assert again["title.0"] == "Mine"
    saved(owner, again)
    assert '"Mine"@en' in turtle(site, one.path)


def test_who_is_signed_out_signs_in_and_comes_back(site: Site) -> None:
    nobody = Reader(site, None)
    assert nobody.get("/new").status_code == 200
    for path in ("/new/model?from=0000000000", "/items/0000000000/edit"):
        answer = nobody.get(path)
        assert answer.status_code == 303
        there = answer.headers["Location"]
        assert there.startswith("/sign-in?next=")
        back = nobody.client.post(there, data={"token": site.tokens["owner"],
                                               "next": path})  # fmt: skip
        assert back.headers["Location"] == path
        nobody.client.delete_cookie("sage_catalog")


def test_others_cannot_open_or_send_the_form_of_an_item(site: Site, owner: Reader) -> None:
    other = Reader(site, "other")
    draft, published = site.draft(), site.published()
    assert other.get(f"{draft.path}/edit").status_code == 404
    assert other.get(f"{published.path}/edit").status_code == 403
    form = owner.form(f"{draft.path}/edit").set({"csrf": other.form("/new/model")["csrf"]})
    assert other.send(form).status_code == 404
    assert other.get(f"/new/training-data?from={draft.id}").status_code == 404
    assert owner.get(f"{site.withdrawn().path}/edit").status_code == 410


def test_a_form_of_another_session_or_site_keeps_nothing(site: Site, owner: Reader) -> None:
    form = owner.form("/new/model").set({"title.0": "Forged", "csrf": "x"})
    answer = owner.send(form)
    assert answer.status_code == 403
    assert form_of(answer)["title.0"] == "Forged"
    saved(owner, form_of(answer))
    foreign = owner.client.post(
        "/new/model", data={"title.0": "x"}, headers={"Origin": "https://evil.example"}
    )
    assert foreign.status_code == 403


def test_who_was_signed_out_meanwhile_finds_what_was_typed(site: Site, owner: Reader) -> None:
    one = site.draft("Typed")
    for form in (owner.form("/new/model"), owner.form(f"{one.path}/edit")):
        owner.client.delete_cookie("sage_catalog")
        answer = owner.send(form.set({"title.0": "A long text"}))
        assert answer.status_code == 401
        assert form_of(answer)["title.0"] == "A long text"
        assert owner.send(form, accept=JSON).status_code == 401
        owner.client.post("/sign-in", data={"token": site.tokens["owner"]})
        again = owner.send(form_of(answer))
        saved(owner, form_of(again))


def test_items_to_refer_to_are_offered_by_title(site: Site, owner: Reader) -> None:
    named = site.published("Clouds over Argonne")
    page = owner.get("/new/model").text
    assert f'<option value="{named.id}">Clouds over Argonne</option>' in page
    path = saved(owner, owner.form("/new/model").set({"title.0": "x", "trained-on.0": named.id}))
    assert f"/items/{named.id}>" in turtle(site, path)


# -- copies and drafts of one's own


def test_new_from_this_copies_the_description_without_what_is_its_own(
    site: Site, owner: Reader
) -> None:
    one = site.with_file(title="The first")
    form = owner.form(f"/new/training-data?from={one.id}")
    assert form["title.0"] == "The first"
    assert form["creator.0.person-name.0"] == "Ana Ruiz"
    path = saved(owner, form)
    said = turtle(site, path)
    assert "Ana Ruiz" in said
    assert "a.bin" not in said
    assert one.id not in said


def test_my_page_lists_my_drafts_with_what_blocks_them(owner: Reader, model: PageForm) -> None:
    path = saved(owner, model.set({"title.0": "Half done"}))
    page = owner.get("/me").text
    assert f'href="{path}/edit"' in page
    assert "missing to publish it" in page
    assert "Describe it in a few sentences" in page or "more</a>" in page


def test_the_page_of_an_item_leads_to_its_form_and_to_a_copy(site: Site, owner: Reader) -> None:
    one = site.draft()
    page = owner.get(one.path).text
    assert f'href="{one.path}/edit"' in page
    assert f"/new/training-data?from={one.id}" in page
    public = site.published()
    assert f"{public.path}/edit" not in Reader(site, "other").get(public.path).text
    assert "New from this" not in Reader(site, None).get(public.path).text


def test_what_is_published_stays_complete(site: Site, owner: Reader) -> None:
    one = site.published("Complete")
    answer = owner.send(owner.form(f"{one.path}/edit").set({"description.0": ""}))
    assert answer.status_code == 422
    assert '<a href="#description">' in answer.text
    assert "Save the correction" in answer.text


# -- bad input


def test_ten_thousand_parts_are_refused_in_a_sentence(owner: Reader, model: PageForm) -> None:
    many = {f"creator.{n}~node": f"p{n}" for n in range(MOST_CONTROLS + 1)}
    answer = owner.send(model.set(many))
    assert answer.status_code == 413
    assert f"at most {MOST_CONTROLS:,} fields" in answer.text


@pytest.mark.parametrize(
    "name",
    [
        "title", "title.x", "title.0.title.0", "title.99999", "nothing.0", "~was", "a" * 5_000,
        "creator.0.creator.0.creator.0", "creator" + ".0.person-affiliation" * 40, "title.0~was",
        "creator.0~shape", "creator.0~a", "kept~", "__proto__.0", "title.-1", "title.0~lang",
    ],
)  # fmt: skip
def test_hostile_names_of_fields_harm_nothing(owner: Reader, model: PageForm, name: str) -> None:
    for value in ("> <#x> .\n<a> <b> <c> .", '"x"@en . <> a <b>', "<#é>"):
        form = PageForm(model.action, [*model.fields, ("title.0", "Kept"), (name, value)])
        assert owner.send(form).status_code in {303, 422}


@pytest.mark.parametrize(
    "order",
    ["add:", "add:nothing", "add:creator:nothing", "add:title.0", "remove:title",
     "remove:title.9", "remove:title.-1", "remove:creator.0.x.0", "up:creator.0", "dance",
     "use:title.7:x", "add:title.0.x.0.y"],
)  # fmt: skip
def test_an_order_that_does_not_fit_gets_a_sentence(
    owner: Reader, model: PageForm, order: str
) -> None:
    assert owner.send(model, order).status_code == 400


def test_control_characters_get_a_sentence_that_names_the_field(
    owner: Reader, model: PageForm
) -> None:
    answer = owner.send(model.set({"title.0": "a\x00b"}))
    assert answer.status_code == 400
    assert "Title held a control character" in answer.text
    assert form_of(answer)["title.0"] == "ab"


def test_a_form_that_is_too_large_is_refused(site: Site, owner: Reader, model: PageForm) -> None:
    limit = site.parts.settings.metadata_bytes
    answer = owner.send(model.set({"title.0": "x", "description.0": "y" * (limit + 1)}))
    assert answer.status_code == 413
    assert owner.send(model.set({"description.0": "y" * (4 * limit + 1)})).status_code == 413


def test_there_is_no_form_for_an_unknown_type(owner: Reader) -> None:
    assert owner.get("/new/nothing").status_code == 404
    assert owner.get("/new/common").status_code == 404
