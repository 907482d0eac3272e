"""Other formats than RDF over HTTP: read in the jail, submitted, and their JSON Schemas."""

import json

import pytest

from catalog.domain.errors import OverLimit
from catalog.domain.identifiers import item_iri
from catalog.domain.validation import judge as judged_here
from catalog.jail.judging import JailedJudge
from catalog.library import library
from tests.api.sites import Site, kept, problem
from tests.domain.importing.conversions import EXAMPLES
from tests.domain.test_importing_plain import BOMB, MODEL

YAML = "application/yaml"
ITEM = item_iri("0000000000")
ANNOUNCED = {".yaml": YAML, ".cff": YAML, ".json": "application/json", ".md": "text/markdown"}


@pytest.mark.parametrize("name", sorted(path.name for path in EXAMPLES.iterdir()))
def test_the_jail_reads_every_format_as_this_process_does(judge: JailedJudge, name: str) -> None:
    example = EXAMPLES / name
    source, media_type = example.read_bytes(), ANNOUNCED[example.suffix]
    here = judged_here(source, media_type, item=ITEM, library=library())
    assert judge.judge(source, media_type, item=ITEM) == here


@pytest.mark.parametrize(
    ("source", "media_type"),
    [(MODEL, YAML), ("type,title\nmodel,A\n", "text/csv"), ('{"type": "model"}', "json")],
)
def test_the_jail_reads_plain_words(judge: JailedJudge, source: str, media_type: str) -> None:
    here = judged_here(source.encode(), media_type, item=ITEM, library=library())
    assert judge.judge(source.encode(), media_type, item=ITEM) == here
    assert here.type == "model"


def test_a_yaml_bomb_ends_in_a_limit(judge: JailedJudge) -> None:
    with pytest.raises(OverLimit):
        judge.judge(BOMB.encode(), YAML, item=ITEM)


def test_a_model_in_yaml_is_submitted_and_changed_in_json(empty: Site) -> None:
    draft = kept(empty.owner.post("/items", MODEL.encode(), Content_Type=YAML))
    assert (draft.said["type"], draft.said["title"]) == ("model", "Snow on the camera")
    changed = json.dumps({"type": "model", "title": "Ice on the camera"}).encode()
    answer = empty.owner.put(
        f"/items/{draft.id}", changed, Content_Type="application/json", If_Match=draft.etag
    )
    assert kept(answer).said["title"] == "Ice on the camera"


def test_what_is_not_read_is_told_with_what_is(empty: Site) -> None:
    answer = empty.owner.post("/items", b"x", Content_Type="application/pdf")
    accepted = problem(answer, 415, "unsupported-media-type")["accepted"]
    assert {"text/turtle", "application/json", YAML, "text/csv"} <= set(accepted)


def test_yaml_that_breaks_off_is_told_with_its_line(empty: Site) -> None:
    answer = empty.owner.post("/items", b"type: model\ntitle: @x", Content_Type=YAML)
    assert problem(answer, 400, "unreadable")["line"] == 2


def test_a_schema_is_served_with_its_type_and_kept_by_readers(empty: Site) -> None:
    answer = empty.anyone.get("/shapes/model.schema.json")
    assert (answer.status_code, answer.mimetype) == (200, "application/schema+json")
    assert json.loads(answer.text)["$id"].endswith("/shapes/model.schema.json")
    assert "max-age" in answer.headers["Cache-Control"]
    again = empty.anyone.get("/shapes/model.schema.json", If_None_Match=answer.headers["ETag"])
    assert again.status_code == 304


@pytest.mark.parametrize("name", ["nothing", "common", "parts"])
def test_there_is_no_schema_of_what_is_no_item_type(empty: Site, name: str) -> None:
    problem(empty.anyone.get(f"/shapes/{name}.schema.json"), 404, "not-found")
