"""A real catalog in a folder of its own, for tests, and the verbs of an item's life."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

from catalog.adapters.checkpoints import Checkpoints
from catalog.adapters.triples_oxigraph import OxigraphTriples
from catalog.bootstrap import TrustedJudge, operator_parts
from catalog.database import Database
from catalog.domain.lifecycle import Visibility
from catalog.domain.permissions import Actor, Role
from catalog.domain.record import ItemRecord
from catalog.library import Library, library
from catalog.parts import Parts
from catalog.services.accounts import actor_of_token, create_token
from catalog.services.delete import delete
from catalog.services.deprecate import deprecate
from catalog.services.doctor import examine
from catalog.services.garbage import clear_garbage
from catalog.services.invariants import Check
from catalog.services.outbox import is_indexed
from catalog.services.publish import Wanted, publish
from catalog.services.relay import catch_up
from catalog.services.revise import revise
from catalog.services.start import prepare_record
from catalog.services.submit import Submission, submit
from catalog.services.upload import Expected, Upload, upload
from catalog.services.withdraw import withdraw
from catalog.settings import Settings

BASE = "https://catalog.example/"

DESCRIPTION = """
@prefix dcat: <http://www.w3.org/ns/dcat#> .
@prefix dct: <http://purl.org/dc/terms/> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> .
@prefix it6: <http://data.europa.eu/it6/> .
@prefix label-state: <https://w3id.org/sage/vocab/label-state/> .
@prefix ml-task: <https://w3id.org/sage/vocab/ml-task/> .
@prefix modality: <https://w3id.org/sage/vocab/modality/> .
@prefix prov: <http://www.w3.org/ns/prov#> .
@prefix sage: <https://w3id.org/sage/ns#> .
@prefix spdx-license: <https://spdx.org/licenses/> .
@prefix storage-site: <https://w3id.org/sage/vocab/storage-site/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .

<> a sage:TrainingDataset ;
  dct:title "TITLE"@en ;
  dct:description "Sky images of one node at Argonne, with a mask of the clouds for each."@en ;
  dct:creator <#ana> ;
  dct:license spdx-license:MIT ;
  dcat:keyword "cloud"@en ;
  sage:mlTask ml-task:semantic-segmentation ;
  sage:modality modality:image ;
  sage:labelState label-state:unlabelled ;
  sage:storedAt storage-site:lcrc ;
  prov:wasDerivedFrom <http://vintage.winklerbros.net/swimseg.html> ;
  it6:collectionDate "2017"^^xsd:gYear .

<#ana> a foaf:Person ; foaf:name "Ana Ruiz" .
"""


def description(title: str) -> bytes:
    """Return a Turtle description that can be published."""
    return DESCRIPTION.replace("TITLE", title).encode()


def now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Catalog:
    """A catalog with one administrator, and the verbs of an item's life for short."""

    folder: Path
    parts: Parts
    actor: Actor

    @property
    def graph(self) -> Checkpoints:
        """What readers of the public graph see."""
        return Checkpoints(self.folder / "graph")

    @contextmanager
    def triples(self) -> Iterator[OxigraphTriples]:
        """Hold the graph for writing."""
        store = OxigraphTriples(self.folder / "graph", keep_seconds=60.0)
        try:
            yield store
        finally:
            store.close()

    def settle(self) -> None:
        """Run a relay until nothing waits for it."""
        with self.triples() as store:
            assert catch_up(self.parts, store, seconds=30.0)

    def submit(self, title: str, *, published: bool = True) -> ItemRecord:
        """Keep a new item."""
        sent = Submission(description(title), "text/turtle", publish=published)
        return submit(self.parts, self.actor, sent, now=now()).record

    def publish(self, item_id: str, visibility: Visibility = Visibility.PUBLIC) -> ItemRecord:
        """Publish a draft."""
        wanted = [Wanted(item_id, frozenset("*"))]
        return publish(self.parts, self.actor, wanted, visibility, now=now())[0]

    def revise(self, item_id: str, title: str) -> ItemRecord:
        """Give an item another title."""
        return revise(
            self.parts,
            self.actor,
            item_id,
            description(title),
            "text/turtle",
            expected=frozenset("*"),
            now=now(),
        )

    def withdraw(self, item_id: str) -> ItemRecord:
        """Withdraw an item."""
        return withdraw(
            self.parts,
            self.actor,
            item_id,
            reason="a test",
            expected=frozenset("*"),
            now=now(),
        )

    def upload(self, item_id: str, name: str, content: bytes) -> None:
        """Keep a file of a draft."""
        sent = Upload(name, BytesIO(content), len(content), None, "text/plain")
        upload(self.parts, self.actor, item_id, sent, expected=Expected(), now=now())

    def delete(self, item_id: str) -> None:
        """Delete a draft."""
        delete(self.parts, self.actor, item_id, expected=frozenset("*"), now=now())

    def clear(self) -> None:
        """Remove the bytes that nothing names any more, as the catalog does after some days."""
        clear_garbage(self.parts, now() + timedelta(days=8))

    def deprecate(self, item_id: str, reason: str | None) -> ItemRecord:
        """Mark an item as deprecated, or take the mark back."""
        return deprecate(
            self.parts,
            self.actor,
            item_id,
            1,
            reason=reason,
            expected=frozenset("*"),
            now=now(),
        )

    def examined(self, *, deep: bool = False) -> dict[str, Check]:
        """Return what doctor finds, by the name of the check."""
        found = examine(self.parts, self.graph, now=now(), deep=deep)
        return {check.name: check for check in found.checks}

    def is_indexed(self, item_id: str) -> bool:
        """Tell whether nothing waits to be shown of an item."""
        with self.parts.database.reading() as session:
            return is_indexed(session, item_id)

    def shown(self) -> dict[str, str]:
        """Return the graphs of items that readers see, by item id, with their digests."""
        prefix = f"{self.parts.settings.base}items/"
        with self.graph.opened() as state:
            return {
                name.removeprefix(prefix): state.digest_of(name) or ""
                for name in state.names()
                if name.startswith(prefix)
            }

    def under(self, *, base: str | None = None, library: Library | None = None) -> "Catalog":
        """Return the same catalog as another start sees it."""
        settings = replace(self.parts.settings, base_url=base or self.parts.settings.base_url)
        parts = replace(self.parts, settings=settings, library=library or self.parts.library)
        return replace(self, parts=parts)


_PROJECTED = (
    "vocab/access-right",
    "vocab/datacite-identifier-type",
    "vocab/item-type",
    "vocab/lifecycle-status",
    "shapes/ns",
)


def small_library() -> Library:
    """Return some of the vocabularies: as many as the graph of an item depends on."""
    files = {name: text for name, text in library().files.items() if name in _PROJECTED}
    return Library(files_of(files, "vocab"), files_of(files, "shapes"))


def little_library() -> Library:
    """Return a few vocabularies that keep every rule by themselves, and the ontology."""
    files = library().files
    vocabularies = {name: files[f"vocab/{name}"] for name in _LITTLE}
    return Library(vocabularies, {"ns": files["shapes/ns"]})


_LITTLE = (
    "access-right", "bucket-type", "item-type", "license", "lifecycle-status", "ml-task",
    "node-focus", "precision", "scheme-group",
)  # fmt: skip


def files_of(files: Mapping[str, bytes], kind: str) -> dict[str, bytes]:
    """Return the files of the vocabularies or of the shapes, by name."""
    start = f"{kind}/"
    return {
        name.removeprefix(start): text for name, text in files.items() if name.startswith(start)
    }


def with_library(catalog: Catalog, known: Library) -> Catalog:
    """Return the same catalog with other vocabularies and shapes, by which it judges as well."""
    parts = replace(catalog.parts, library=known, judge=TrustedJudge(known))
    return replace(catalog, parts=parts)


def parts_of(folder: Path, *, dois: bool = False) -> Parts:
    """Return the parts of the catalog in a folder."""
    if dois:
        return operator_parts(Settings(data=folder, base_url=BASE))
    without = ",".join(library().item_types)
    settings = Settings(data=folder, base_url=BASE, types_without_doi=without)
    return replace(operator_parts(settings), library=small_library())


def catalog_in(folder: Path, *, dois: bool = False) -> Catalog:
    """Make a catalog, with an empty record, in a folder.

    It judges by all vocabularies and shapes and projects a few, which takes a third of the time.

    dois  whether its items get DOIs, which takes all vocabularies and shapes
    """
    settings = Settings(data=folder, base_url=BASE)
    database = Database(settings.database)
    prepare_record(database, settings.base, now=now())
    database.close()
    parts = parts_of(folder, dois=dois)
    token = create_token(parts, "ana", Role.ADMIN, now=now())
    return Catalog(folder, parts, actor_of_token(parts, token, now=now()))
