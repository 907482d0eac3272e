"""Bytes elsewhere, looked up and looked at again: over a real record, graph and sites."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from catalog.bootstrap import remote
from catalog.domain.errors import NotAcceptable, NotFound, TooMany, Unauthenticated
from catalog.domain.permissions import ANYONE, Actor, Role
from catalog.domain.record import ItemRecord, ReferenceRecord
from catalog.domain.references.asking import Presence
from catalog.domain.references.drift import ReferenceState
from catalog.services import check_references, look_up_reference
from catalog.services.check_references import check_due, check_now, moved_of
from catalog.services.item_history import history
from catalog.services.look_up_reference import LookedUp, look_up
from catalog.services.read import public_stage, read
from catalog.services.references import follow_stored
from catalog.services.revise import revise
from catalog.services.submit import Submission, submit
from catalog.tables import Account, Fact, ReferenceCheck
from tests.catalogs import Catalog, catalog_in, description, now
from tests.remote_sites import COMMIT, LATER, Sites, remote_sites

SKY = "https://web.lcrc.anl.gov/public/waggle/sky.tar"
IIO = "https://github.com/waggle-sensor/iio"
IMAGE = "registry.example.org/sage/cloud-cover:1.0.4"
FIRES = "https://huggingface.co/datasets/sagecontinuum/FireBench"

_MORE = """
<> dcat:distribution <#copy> . <#copy> a dcat:Distribution ; SAID .
"""


@pytest.fixture
def sites() -> Iterator[Sites]:
    with remote_sites() as running:
        yield running


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return catalog_in(tmp_path_factory.mktemp("catalog"), dois=True)


@pytest.fixture
def catalog(made: Catalog, sites: Sites) -> Catalog:
    """The catalog as it asks the sites, which have forgotten what was asked before."""
    look_up_reference._KEPT._found.clear()
    look_up_reference._ALLOWANCE._asked.clear()
    with made.parts.database.writing() as session:
        later = now() + timedelta(days=365)
        session.execute(update(ReferenceCheck).values(due=later))
    settings = replace(
        made.parts.settings,
        reference_hosts=sites.hosts,
        types_without_doi=",".join(made.parts.library.item_types),
    )
    return replace(made, parts=replace(made.parts, settings=settings, remote=remote(settings)))


def source(said: str, title: str = "Clouds") -> bytes:
    return description(title) + _MORE.replace("SAID", said).encode()


def kept(catalog: Catalog, said: str, *, publish: bool = False) -> ItemRecord:
    """Keep an item whose distribution says this."""
    sent = Submission(source(said), "text/turtle", publish=publish)
    return submit(catalog.parts, catalog.actor, sent, now=now()).record


def looked_at(catalog: Catalog, item: ItemRecord, days: float = 0.0) -> ReferenceRecord:
    """Look at what is due in so many days, and return the one reference of an item."""
    at = now() + timedelta(days=days, minutes=2)
    for _ in range(5):
        check_due(catalog.parts, at, pause=lambda _: None)
    return reference(catalog, item)


def reference(catalog: Catalog, item: ItemRecord) -> ReferenceRecord:
    (one,) = read(catalog.parts, catalog.actor, item.id).record.references
    return one


def past(catalog: Catalog, item: ItemRecord) -> list[tuple[str, dict[str, object]]]:
    found = history(catalog.parts, catalog.actor, item.id, cursor=None, limit=50)
    kinds = ("reference-drifted", "reference-back")
    return [(one.kind.value, dict(one.detail)) for one in found.entries if one.kind.value in kinds]


def up(catalog: Catalog, address: str, **more: str) -> LookedUp:
    return look_up(catalog.parts, catalog.actor, address, **more)


# -- looking up


def test_a_file_is_looked_up_by_its_headers(catalog: Catalog, sites: Sites) -> None:
    found = up(catalog, SKY)
    assert found.facts
    assert found.facts.to_dict() == {
        "address": SKY,
        "download": SKY,
        "title": "sky.tar",
        "file_name": "sky.tar",
        "size_bytes": 300,
        "media_type": "application/x-tar",
        "etag": found.facts.etag,
        "modified": "2021-05-11T12:00:00Z",
    }
    assert [method for method, _, _ in sites.asked] == ["HEAD"]
    assert "dcat:byteSize" in found.distribution
    assert "storage-site/lcrc>" in found.distribution
    assert found.type == "training-data"


def test_where_head_is_refused_one_byte_is_asked_for(catalog: Catalog, sites: Sites) -> None:
    sites.keep_file("public/waggle/no-head.tar", b"x" * 41, X_No_Head="1")
    found = up(catalog, SKY.replace("sky", "no-head"))
    assert found.facts
    assert found.facts.size_bytes == 41
    assert [method for method, _, _ in sites.asked] == ["HEAD", "GET"]


def test_a_repository_is_looked_up_at_the_commit_of_its_branch(catalog: Catalog) -> None:
    found = up(catalog, IIO)
    assert found.facts
    assert (found.facts.commit, found.facts.ref, found.type) == (COMMIT, "main", "code")
    assert found.document["title"] == "iio"
    assert found.document["license"] == {"@id": "https://spdx.org/licenses/MIT"}
    assert found.facts.address == f"{IIO}/tree/{COMMIT}"


def test_a_file_of_a_branch_with_a_slash_is_found(catalog: Catalog) -> None:
    found = up(catalog, f"{IIO}/blob/feature/rain/calib/data.csv")
    assert found.facts
    assert (found.facts.commit, found.facts.ref) == (LATER, "feature/rain")
    assert found.facts.size_bytes == 230
    assert found.facts.page == f"{IIO}/blob/{LATER}/calib/data.csv"


def test_an_asset_of_a_release_has_its_checksum(catalog: Catalog) -> None:
    found = up(catalog, f"{IIO}/releases/download/v0.6.0/model.onnx")
    assert found.facts
    assert (found.facts.size_bytes, found.facts.commit, found.type) == (7, COMMIT, "weights")
    assert "spdx:checksumValue" in found.distribution


def test_an_image_is_looked_up_by_its_digest_and_platforms(catalog: Catalog, sites: Sites) -> None:
    found = up(catalog, IMAGE)
    assert found.facts
    assert found.facts.digest == sites.tags["1.0.4"]
    assert found.facts.platforms == ("linux/arm64", "linux/amd64")
    assert (found.facts.license, found.facts.created) == ("Apache-2.0", "2022-03-01T12:00:00Z")
    assert found.type == "docker-image"
    assert sum(path.startswith("/auth/") for _, path, _ in sites.asked) == 1


def test_a_data_set_at_hugging_face_has_revision_licence_and_name(catalog: Catalog) -> None:
    found = up(catalog, FIRES)
    assert found.facts
    assert (found.facts.commit, found.facts.license) == (COMMIT, "cc-by-4.0")
    assert (found.facts.title, found.facts.keywords) == ("FireBench", ("wildfire",))
    assert found.type == "training-data"


@pytest.mark.parametrize("name", ["FireBench", "OldName"])
def test_a_large_file_at_hugging_face_has_its_checksum_and_is_not_fetched(
    catalog: Catalog, sites: Sites, name: str
) -> None:
    found = up(
        catalog, f"https://huggingface.co/datasets/sagecontinuum/{name}/resolve/main/train.bin"
    )
    assert found.facts
    assert (found.facts.size_bytes, len(found.facts.sha256)) == (6_101_033_867, 64)
    assert all(path.startswith("/hub/datasets/") for _, path, _ in sites.asked)


def test_what_needs_a_login_is_not_gone(catalog: Catalog) -> None:
    found = up(catalog, "https://storage.sagecontinuum.org/api/v1/data/sage/a/b/1-x.jpg")
    assert found.found.presence is Presence.NEEDS_LOGIN


@pytest.mark.parametrize(
    ("how", "presence"),
    [("large", "unreachable"), ("bad", "unreachable"), ("endless", "unreachable"),
     ("loop", "unreachable"), ("to/http/127.0.0.1:9/", "not-asked"),
     ("to/http/169.254.169.254/latest", "not-asked")],
)  # fmt: skip
def test_a_villain_is_told_in_a_sentence(
    catalog: Catalog, sites: Sites, how: str, presence: str
) -> None:
    hosts = f"huggingface.co={sites.base}/villain/{how}"
    settings = replace(catalog.parts.settings, reference_hosts=hosts)
    parts = replace(catalog.parts, remote=remote(settings))
    found = look_up(parts, catalog.actor, FIRES)
    assert (found.found.presence.value, found.facts) == (presence, None)
    assert found.found.detail.endswith(".")


def test_bytes_that_are_no_text_become_no_facts(catalog: Catalog, sites: Sites) -> None:
    settings = replace(
        catalog.parts.settings, reference_hosts=f"web.lcrc.anl.gov={sites.base}/villain/bytes"
    )
    found = look_up(replace(catalog.parts, remote=remote(settings)), catalog.actor, SKY)
    assert found.facts
    assert (found.facts.media_type, found.facts.modified) == ("", "")
    assert "\u202e" not in found.distribution


def test_every_description_begun_can_be_kept(catalog: Catalog) -> None:
    for address in (SKY, IIO, IMAGE, FIRES, f"{IIO}/releases/download/v0.6.0/model.onnx"):
        document = up(catalog, address).document
        sent = Submission(json.dumps(document).encode(), "application/json")
        record = submit(catalog.parts, catalog.actor, sent, now=now()).record
        assert record.references, address


def test_a_type_may_be_asked_for(catalog: Catalog) -> None:
    assert up(catalog, SKY, item_type="label-set").document["@type"] == "sage:LabelSet"
    with pytest.raises(NotAcceptable):
        up(catalog, SKY, item_type="nonsense")


def test_looking_up_needs_an_account(catalog: Catalog) -> None:
    with pytest.raises(Unauthenticated):
        look_up(catalog.parts, ANYONE, SKY)


def test_one_account_looks_up_so_many_a_minute(catalog: Catalog) -> None:
    for number in range(look_up_reference.MOST_A_MINUTE):
        up(catalog, f"{SKY}?{number}")
    with pytest.raises(TooMany) as refused:
        up(catalog, f"{SKY}?again")
    assert 1 <= refused.value.retry_after <= 61


# -- looking again


def test_a_new_reference_is_looked_at_within_minutes(catalog: Catalog) -> None:
    item = kept(catalog, f"dcat:downloadURL <{SKY}> ; dcat:byteSize '300'^^xsd:nonNegativeInteger")
    assert reference(catalog, item).state is ReferenceState.UNKNOWN
    found = looked_at(catalog, item)
    assert (found.state, found.finding) == (ReferenceState.SAME, "")
    assert past(catalog, item) == []


def test_nothing_is_asked_before_it_is_due(catalog: Catalog, sites: Sites) -> None:
    item = kept(catalog, f"dcat:downloadURL <{SKY}>")
    looked_at(catalog, item)
    sites.asked.clear()
    looked_at(catalog, item, days=5)
    assert sites.asked == []


def test_other_bytes_are_drift_and_the_old_ones_are_back(catalog: Catalog, sites: Sites) -> None:
    item = kept(catalog, f"dcat:downloadURL <{SKY}>")
    looked_at(catalog, item)
    sites.keep_file(
        "public/waggle/sky.tar", b"other", Last_Modified="Sat, 01 Jan 2022 00:00:00 GMT"
    )
    moved = looked_at(catalog, item, days=8)
    assert moved.state is ReferenceState.DRIFTED
    assert "size in bytes was 300, is 5" in moved.finding
    sites.keep_file("public/waggle/sky.tar", b"sky" * 100)
    back = looked_at(catalog, item, days=16)
    assert (back.state, back.finding) == (ReferenceState.SAME, "")
    assert [kind for kind, _ in past(catalog, item)] == ["reference-back", "reference-drifted"]


def test_another_size_than_described_is_drift_at_the_first_look(catalog: Catalog) -> None:
    item = kept(catalog, f'dcat:downloadURL <{SKY}> ; dcat:byteSize "7"^^xsd:nonNegativeInteger')
    found = looked_at(catalog, item)
    assert found.finding == "size in bytes was 7, is 300"
    assert past(catalog, item) == [
        ("reference-drifted", {"address": SKY, "reason": "size in bytes was 7, is 300"})
    ]


def test_a_branch_that_moved_is_drift(catalog: Catalog, sites: Sites) -> None:
    said = f'dcat:accessURL <{IIO}/tree/main> ; sage:commit "{COMMIT}"'
    item = kept(catalog, said)
    assert looked_at(catalog, item).state is ReferenceState.SAME
    sites.refs["main"] = LATER
    moved = looked_at(catalog, item, days=8)
    assert moved.state is ReferenceState.DRIFTED
    assert moved.finding.startswith("commit was 63f75410")


def test_a_commit_stays_whatever_its_branch_does(catalog: Catalog, sites: Sites) -> None:
    item = kept(catalog, f'dcat:accessURL <{IIO}/tree/{COMMIT}> ; sage:commit "{COMMIT}"')
    sites.refs["main"] = LATER
    assert looked_at(catalog, item).state is ReferenceState.SAME


def test_a_tag_of_an_image_that_moved_is_drift(catalog: Catalog, sites: Sites) -> None:
    document = up(catalog, IMAGE).document
    sent = Submission(json.dumps(document).encode(), "application/json")
    item = submit(catalog.parts, catalog.actor, sent, now=now()).record
    for _ in range(3):
        check_due(catalog.parts, now() + timedelta(minutes=2), pause=lambda _: None)
    states = {one.state for one in read(catalog.parts, catalog.actor, item.id).record.references}
    assert states == {ReferenceState.SAME}
    sites.keep_image("1.0.4", made="2023-03-01T12:00:00Z")
    for days in (8, 9):
        check_due(catalog.parts, now() + timedelta(days=days), pause=lambda _: None)
    own = [
        one for one in read(catalog.parts, catalog.actor, item.id).record.references if not one.part
    ]
    assert [one.state for one in own] == [ReferenceState.DRIFTED]


def test_a_revision_at_hugging_face_that_moved_is_drift(catalog: Catalog, sites: Sites) -> None:
    item = kept(catalog, f"dcat:accessURL <{FIRES}>")
    looked_at(catalog, item)
    sites.revision = LATER
    assert looked_at(catalog, item, days=8).state is ReferenceState.DRIFTED


def test_what_is_not_there_is_gone(catalog: Catalog, sites: Sites) -> None:
    item = kept(catalog, f"dcat:downloadURL <{SKY}>")
    looked_at(catalog, item)
    sites.kept.clear()
    found = looked_at(catalog, item, days=8)
    assert (found.state, "404" in found.finding) == (ReferenceState.GONE, True)


def test_what_needs_a_login_is_no_drift(catalog: Catalog) -> None:
    item = kept(catalog, "dcat:downloadURL <https://storage.sagecontinuum.org/api/v1/data/a>")
    assert looked_at(catalog, item).state is ReferenceState.NEEDS_LOGIN
    assert past(catalog, item) == []


def test_a_silent_site_is_told_the_third_time(catalog: Catalog, sites: Sites) -> None:
    item = kept(catalog, f"dcat:downloadURL <{SKY}>")
    first = looked_at(catalog, item)
    sites.status["/files/public/waggle/sky.tar"] = (503, {})
    check_due(catalog.parts, now() + timedelta(days=8), pause=lambda _: None)
    once = reference(catalog, item)
    assert (once.state, once.looked) == (ReferenceState.SAME, first.looked)
    looked_at(catalog, item, days=9)
    told = looked_at(catalog, item, days=12)
    assert told.state is ReferenceState.UNREACHABLE
    assert past(catalog, item)[0][1]["reason"] == "web.lcrc.anl.gov answers 503."


def test_a_host_that_wants_fewer_requests_is_left_alone(catalog: Catalog, sites: Sites) -> None:
    kept(catalog, f"dcat:downloadURL <{SKY}>")
    kept(catalog, f"dcat:downloadURL <{SKY}?other>")
    sites.status["/files/public/waggle/sky.tar"] = (429, {"Retry-After": "3600"})
    at = now() + timedelta(minutes=2)
    for _ in range(4):
        check_due(catalog.parts, at, pause=lambda _: None)
    assert len(sites.asked) == 1


def test_what_several_items_refer_to_is_asked_for_once(catalog: Catalog, sites: Sites) -> None:
    items = [kept(catalog, f"dcat:downloadURL <{SKY}>") for _ in range(3)]
    looked_at(catalog, items[0])
    assert {reference(catalog, item).state for item in items} == {ReferenceState.SAME}
    assert len(sites.asked) == 1


def test_each_host_is_asked_one_thing_at_a_time(catalog: Catalog, sites: Sites) -> None:
    for name in ("a", "b", "c"):
        kept(catalog, f"dcat:downloadURL <{SKY}?{name}>")
    waited: list[str] = []
    check_due(catalog.parts, now() + timedelta(minutes=2), pause=waited.append)
    assert waited == ["web.lcrc.anl.gov"]


def test_a_look_that_was_killed_is_repeated(
    catalog: Catalog, sites: Sites, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = kept(catalog, f"dcat:downloadURL <{SKY}>")

    def killed(*_: object, **__: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(check_references, "found_at", killed)
        with pytest.raises(SystemExit):
            check_due(catalog.parts, now() + timedelta(minutes=2))
    check_due(catalog.parts, now() + timedelta(minutes=5), pause=lambda _: None)
    assert sites.asked == []
    check_due(catalog.parts, now() + timedelta(minutes=20), pause=lambda _: None)
    assert reference(catalog, item).state is ReferenceState.SAME


def test_what_is_withdrawn_is_not_asked_for(catalog: Catalog, sites: Sites) -> None:
    item = kept(catalog, f"dcat:downloadURL <{SKY}>", publish=True)
    catalog.withdraw(item.id)
    check_due(catalog.parts, now() + timedelta(minutes=2), pause=lambda _: None)
    assert sites.asked == []


def test_zero_days_means_never(catalog: Catalog, sites: Sites) -> None:
    kept(catalog, f"dcat:downloadURL <{SKY}>")
    settings = replace(catalog.parts.settings, reference_check_days=0)
    check_due(replace(catalog.parts, settings=settings), now() + timedelta(days=9))
    assert sites.asked == []


def test_a_draft_that_is_deleted_leaves_no_row(catalog: Catalog) -> None:
    item = kept(catalog, f"dcat:downloadURL <{SKY}>")
    catalog.delete(item.id)
    with catalog.parts.database.reading() as session:
        left = select(func.count()).where(ReferenceCheck.item_id == item.id)
        assert session.scalar(left) == 0


def test_rows_follow_the_description(catalog: Catalog) -> None:
    item = kept(catalog, f"dcat:downloadURL <{SKY}>")
    before = looked_at(catalog, item)

    def revised(said: str, title: str) -> ItemRecord:
        return revise(
            catalog.parts, catalog.actor, item.id, source(said, title), "text/turtle",
            expected=frozenset("*"), now=now(),
        )  # fmt: skip

    assert revised(f"dcat:downloadURL <{SKY}>", "Another title").references == (before,)
    changed = revised(f"dcat:downloadURL <{SKY}?2>", "Another title").references
    assert [(one.address, one.state) for one in changed] == [(f"{SKY}?2", ReferenceState.UNKNOWN)]


def test_what_was_stored_before_is_followed_too(catalog: Catalog) -> None:
    item = kept(catalog, f"dcat:downloadURL <{SKY}>")
    with catalog.parts.database.writing() as session:
        for row in session.scalars(select(ReferenceCheck)):
            session.delete(row)
        if (fact := session.get(Fact, "references")) is not None:
            session.delete(fact)
    while not follow_stored(catalog.parts, now()):
        pass
    assert reference(catalog, item).address == SKY


# -- what readers see


def test_a_page_kept_by_the_catalog_is_made_anew_after_a_look(catalog: Catalog) -> None:
    item = kept(catalog, f"dcat:downloadURL <{SKY}>", publish=True)
    before = public_stage(catalog.parts, item.id)
    looked_at(catalog, item)
    assert public_stage(catalog.parts, item.id) != before


def test_owners_are_told_what_has_moved(catalog: Catalog, sites: Sites) -> None:
    item = kept(catalog, f"dcat:downloadURL <{SKY}?owner>")
    looked_at(catalog, item)
    sites.kept.clear()
    looked_at(catalog, item, days=8)
    found, total = moved_of(catalog.parts, catalog.actor, limit=1)
    assert (found[0].item_id, found[0].state, total >= 1) == (item.id, ReferenceState.GONE, True)


def test_somebody_elses_are_not_told(catalog: Catalog) -> None:
    with catalog.parts.database.writing() as session:
        account = Account(name="bob", role="member", created=now())
        session.add(account)
        session.flush()
        bob = Actor(account=account.id, name="bob", role=Role.MEMBER)
    assert moved_of(catalog.parts, bob, limit=5) == ((), 0)
    item = kept(catalog, f"dcat:downloadURL <{SKY}>")
    with pytest.raises(NotFound):
        check_now(catalog.parts, bob, item.id, now=now())


def test_one_may_have_it_looked_at_now_but_not_twice_a_minute(
    catalog: Catalog, sites: Sites
) -> None:
    item = kept(catalog, f"dcat:downloadURL <{SKY}>")
    at = now()
    for _ in range(2):
        record = check_now(catalog.parts, catalog.actor, item.id, now=at, pause=lambda _: None)
    assert [one.state for one in record.references] == [ReferenceState.SAME]
    assert len(sites.asked) == 1
