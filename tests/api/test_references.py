"""Bytes elsewhere over HTTP, on pages and in RDF: looked up, shown, looked at again."""

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update
from werkzeug.serving import make_server

from api.app import create_app
from catalog.bootstrap import remote
from catalog.cli import main
from catalog.services import look_up_reference
from catalog.services.check_references import check_due
from catalog.services.outbox import wait_until_indexed
from catalog.services.references import follow_stored
from catalog.tables import ReferenceCheck
from tests.api.pages import Reader, form_of, forms_to
from tests.api.sites import TURTLE, Kept, Site, kept, problem
from tests.catalogs import description, now
from tests.remote_sites import COMMIT, Sites, remote_sites

SKY = "https://web.lcrc.anl.gov/public/waggle/sky.tar"
IIO = "https://github.com/waggle-sensor/iio"
NS = "https://w3id.org/sage/ns#"
STATES = "https://w3id.org/sage/vocab/reference-state/"


@pytest.fixture(scope="module")
def running() -> Iterator[Sites]:
    with remote_sites() as found:
        yield found


@pytest.fixture(scope="module")
def asking(site: Site, running: Sites) -> Site:
    """The catalog of the session, asking the sites of the tests."""
    settings = replace(site.parts.settings, reference_hosts=running.hosts)
    parts = replace(site.parts, settings=settings, remote=remote(settings))
    return replace(site, parts=parts, app=create_app(parts))


@pytest.fixture
def sites(running: Sites) -> Sites:
    running.reset()
    return running


@pytest.fixture
def here(asking: Site, sites: Sites) -> Site:
    """The same without what earlier tests, of other files as well, have left to be done."""
    while not follow_stored(asking.parts, now()):
        pass
    look_up_reference._KEPT._found.clear()
    look_up_reference._ALLOWANCE._asked.clear()
    with asking.parts.database.writing() as session:
        session.execute(update(ReferenceCheck).values(due=now() + timedelta(days=365)))
    return asking


def source(said: str) -> bytes:
    more = f"<> dcat:distribution <#copy> . <#copy> a dcat:Distribution ; {said} ."
    return description("Clouds elsewhere") + more.encode()


def published(site: Site, said: str) -> Kept:
    return kept(site.owner.post("/items?publish=true&wait=0", source(said), Content_Type=TURTLE))


def look(site: Site, days: float = 0.0) -> None:
    for _ in range(2):
        check_due(site.parts, now() + timedelta(days=days, minutes=2), pause=lambda _: None)


# -- looking up


def test_an_address_is_looked_up(here: Site) -> None:
    answer = here.owner.post("/references/look-up", {"address": IIO})
    assert answer.status_code == 200, answer.text
    said = answer.get_json()
    assert (said["kind"], said["presence"], said["type"]) == ("github", "there", "code")
    assert said["found"]["commit"] == COMMIT
    assert f'sage:commit "{COMMIT}"' in said["distribution"]
    assert said["description"]["codeRepository"] == {"@id": IIO}


def test_what_was_begun_can_be_kept_as_it_is(here: Site) -> None:
    begun = here.owner.post("/references/look-up", {"address": SKY}).get_json()["description"]
    answer = here.owner.post("/items", begun)
    assert answer.status_code == 201, answer.text


def test_nothing_there_is_an_answer_and_no_error(here: Site) -> None:
    said = here.owner.post("/references/look-up", {"address": f"{SKY}x"}).get_json()
    assert (said["presence"], said["found"]) == ("gone", {})
    assert said["detail"] == "web.lcrc.anl.gov answers 404: nothing is there any more."
    assert f"<{SKY}x>" in said["distribution"]


@pytest.mark.parametrize("address", ["http://127.0.0.1/", "http://169.254.169.254/latest/"])
def test_the_inside_is_not_asked(here: Site, address: str) -> None:
    said = here.owner.post("/references/look-up", {"address": address}).get_json()
    assert said["presence"] == "not-asked"


@pytest.mark.parametrize(
    "body", [{}, {"address": 7}, {"address": ""}, {"address": "x", "a": 1}, []]
)
def test_a_body_that_names_no_address_is_refused(here: Site, body: object) -> None:
    problem(here.owner.post("/references/look-up", body), 422, "not-acceptable")


@pytest.mark.parametrize("address", ["file:///etc/passwd", "https://a:b@x.org/", "x y"])
def test_what_is_no_address_is_refused(here: Site, address: str) -> None:
    told = problem(
        here.owner.post("/references/look-up", {"address": address}), 422, "not-acceptable"
    )
    assert "a:b" not in told["detail"]


def test_nobody_looks_up_without_an_account(here: Site) -> None:
    answer = here.anyone.post("/references/look-up", {"address": SKY})
    problem(answer, 401, "unauthenticated")


def test_too_many_are_told_when_to_come_back(here: Site) -> None:
    for number in range(look_up_reference.MOST_A_MINUTE):
        here.owner.post("/references/look-up", {"address": f"{SKY}?{number}"})
    answer = here.owner.post("/references/look-up", {"address": f"{SKY}?more"})
    problem(answer, 429, "too-many")
    assert int(answer.headers["Retry-After"]) >= 1


# -- pages


def test_the_page_shows_what_is_there_and_the_kind_that_fits(here: Site) -> None:
    page = Reader(here).get(f"/new?address={SKY}").text
    assert "Found at web.lcrc.anl.gov" in page
    assert (
        f'href="/new/training-data?address={SKY.replace(":", "%3A").replace("/", "%2F")}"' in page
    )


def test_the_page_says_why_an_address_is_none(here: Site) -> None:
    answer = Reader(here).get("/new?address=file:///etc/passwd")
    assert (answer.status_code, "begins with http" in answer.text) == (422, True)


def test_one_is_asked_to_sign_in_first(here: Site) -> None:
    answer = here.anyone.get(f"/new?address={SKY}", Accept="text/html")
    assert (answer.status_code, "sign-in" in answer.headers["Location"]) == (303, True)


def test_a_page_of_another_site_does_not_have_us_ask(here: Site, sites: Sites) -> None:
    browser = Reader(here).client
    for path in ("/new", "/new/training-data"):
        answer = browser.get(f"{path}?address={SKY}", headers={"Sec-Fetch-Site": "cross-site"})
        assert answer.status_code == 403
    assert sites.asked == []


def test_the_form_begins_with_what_was_read_and_keeps_it(here: Site) -> None:
    browser = Reader(here)
    page = browser.get(f"/new/training-data?address={SKY}")
    assert page.text.count(">read</span>") > 5
    form = form_of(page)
    again = browser.send(form, do="check").text
    assert again.count(">read</span>") == page.text.count(">read</span>")
    answer = browser.send(form)
    assert answer.status_code == 303, answer.text
    item = answer.headers["Location"].partition("?")[0]
    said = here.owner.get(f"{item}.ttl").text
    assert f"dcat:downloadURL <{SKY}>" in said
    assert 'dcat:byteSize "300"' in said


def test_a_form_goes_on_by_hand_where_nothing_could_be_read(here: Site) -> None:
    page = Reader(here).get(f"/new/training-data?address={SKY}x").text
    assert f'value="{SKY}x"' in page
    assert ">read</span>" not in page


# -- how references stand


def test_what_was_found_is_shown_queried_and_put_back_unchanged(here: Site, sites: Sites) -> None:
    one = published(here, f'dcat:downloadURL <{SKY}> ; dcat:byteSize "7"^^xsd:nonNegativeInteger')
    assert "Not looked at yet" in here.anyone.get(one.path, Accept="text/html").text
    look(here)
    page = here.anyone.get(one.path, Accept="text/html").text
    assert "Changed since" in page
    assert "Size in bytes was 7, is 300" in page
    (said,) = here.anyone.get(f"{one.path}/references").get_json()["references"]
    assert (said["part"], said["state"], said["term"]) == ("#copy", "drifted", f"{STATES}drifted")
    assert said["found"]["size_bytes"] == 300
    query = f"SELECT ?state {{ <{one.said['iri']}#copy> <{NS}referenceState> ?state }}"
    assert wait_until_indexed(here.parts, one.id, 10.0)
    rows = here.select(query)
    assert rows == [{"state": f"{STATES}drifted"}]
    for suffix, kind in (("ttl", TURTLE), ("jsonld", "application/ld+json")):
        before = here.owner.get(f"{one.path}.{suffix}")
        again = here.owner.put(
            one.path, before.data, Content_Type=kind, If_Match=before.headers["ETag"]
        )
        assert again.status_code == 200, again.text
        assert (again.get_json()["revision"], again.headers["ETag"][:8]) == (1, one.etag[:8])


def test_an_older_state_that_is_put_back_is_left_out(here: Site, sites: Sites) -> None:
    one = published(here, f"dcat:downloadURL <{SKY}>")
    look(here)
    before = here.owner.get(f"{one.path}.ttl")
    sites.kept.clear()
    look(here, days=8)
    again = here.owner.put(one.path, before.data, Content_Type=TURTLE, If_Match=one.etag)
    assert (again.status_code, again.get_json()["revision"]) == (200, 1)
    assert "reference-state/gone" in here.owner.get(f"{one.path}.ttl").text


def test_nobody_says_for_the_catalog_what_it_found(here: Site) -> None:
    said = f"dcat:downloadURL <{SKY}> ; sage:referenceState <{STATES}same>"
    one = published(here, said)
    assert "referenceState" not in here.owner.get(f"{one.path}.ttl").text


def test_history_and_feeds_tell_of_drift(here: Site, sites: Sites) -> None:
    one = published(here, f'dcat:downloadURL <{SKY}> ; dcat:byteSize "7"^^xsd:nonNegativeInteger')
    look(here)
    page = here.anyone.get(f"{one.path}/history", Accept="text/html").text
    assert f"{SKY} is no longer as described: size in bytes was 7, is 300" in page.replace(
        "<wbr>", ""
    )


def test_owners_see_what_has_moved_and_others_do_not(here: Site, sites: Sites) -> None:
    one = published(here, f"dcat:downloadURL <{SKY}?mine>")
    sites.kept.clear()
    look(here)
    assert one.id in Reader(here).get("/me").text
    assert "moved</h2>" not in Reader(here, "other").get("/me").text


def test_references_are_looked_at_when_asked(here: Site) -> None:
    one = published(here, f"dcat:downloadURL <{SKY}>")
    answer = here.owner.post(f"{one.path}/references/check")
    assert [said["state"] for said in answer.get_json()["references"]] == ["same"]


def test_the_button_looks_now(here: Site) -> None:
    one = published(here, f"dcat:downloadURL <{SKY}>")
    browser = Reader(here)
    (form,) = forms_to(browser.get(one.path), f"{one.path}/v/1/do/look")
    answer = browser.send(form)
    assert answer.status_code == 303
    assert "as described" in here.anyone.get(one.path, Accept="text/html").text


def test_who_may_not_write_may_not_have_it_looked_at(here: Site) -> None:
    one = published(here, f"dcat:downloadURL <{SKY}>")
    for caller, status in ((here.anyone, 401), (here.other, 403), (here.curator, 403)):
        assert caller.post(f"{one.path}/references/check").status_code == status


def test_references_of_what_one_may_not_see_are_not_there(here: Site) -> None:
    one = kept(here.owner.post("/items", source(f"dcat:downloadURL <{SKY}>"), Content_Type=TURTLE))
    for caller, method in ((here.anyone, "GET"), (here.other, "GET"), (here.other, "POST")):
        path = f"{one.path}/references" + ("/check" if method == "POST" else "")
        problem(caller.ask(method, path), 404, "not-found")
    assert here.owner.get(f"{one.path}/references").status_code == 200


def test_references_of_what_was_withdrawn_are_closed(here: Site) -> None:
    one = here.withdraw(published(here, f"dcat:downloadURL <{SKY}>"))
    assert here.anyone.get(f"{one.path}/references").status_code == 410


# -- the command


@pytest.fixture(scope="module")
def served(asking: Site) -> Iterator[str]:
    """The address of the catalog, over a real socket."""
    server = make_server("127.0.0.1", 0, asking.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def command(site: Site, served: str, *said: str) -> int:
    return main(["reference", *said, "--url", served, "--token", site.tokens["owner"]])


def test_the_command_looks_up_and_begins_a_description(
    here: Site, served: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "sky.json"
    assert command(here, served, "look", SKY, "--output", str(file)) == 0
    assert "size_bytes: 300" in capsys.readouterr().out
    assert json.loads(file.read_text())["title"] == "sky.tar"
    assert command(here, served, "look", SKY, "--output", str(file)) == 2
    assert command(here, served, "look", f"{SKY}x") == 1


def test_the_command_tells_what_has_moved(
    here: Site, served: str, sites: Sites, capsys: pytest.CaptureFixture[str]
) -> None:
    one = published(here, f"dcat:downloadURL <{SKY}>")
    sites.kept.clear()
    assert command(here, served, "check", one.id, "--json") == 1
    (said,) = json.loads(capsys.readouterr().out)["references"]
    assert said["state"] == "gone"
