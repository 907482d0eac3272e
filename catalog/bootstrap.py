"""Puts the parts together: the only file that names adapters."""

import logging
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from tempfile import mkdtemp
from threading import Thread
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from catalog.adapters.checkpoints import LEASES_HOLD, Checkpoints
from catalog.adapters.objects_files import FileObjects
from catalog.database import Database
from catalog.domain.errors import Unavailable
from catalog.domain.sharing import LINK, PROJECT
from catalog.domain.validation import Judgement, judge
from catalog.jail.judging import JailedJudge
from catalog.jail.limits import JUDGE, QUERY
from catalog.jail.pool import Pool
from catalog.jail.querying import JailedQueries
from catalog.library import Library, library
from catalog.parts import Parts
from catalog.ports import Judge, ObjectStore, Queries, Registrar, Remote, TripleStore, Verifier
from catalog.processes import Popen
from catalog.services.abandon_upload import clear_uploads
from catalog.services.check_references import check_due
from catalog.services.chores import Chore
from catalog.services.complete_upload import finish_uploads
from catalog.services.dates import keep_dates
from catalog.services.doctor import Examination
from catalog.services.end_access import write_ends_of_access
from catalog.services.fixity import check_fixity
from catalog.services.garbage import clear_garbage, mark_orphans_daily
from catalog.services.rebuild import (
    Progress,
    ask_rebuild,
    public_items,
    rebuild_alone,
    was_rebuilt,
)
from catalog.services.releases import is_in_force, library_in_force
from catalog.services.start import known_bases
from catalog.services.visible import ALL_USERS
from catalog.settings import BadSetting, Settings, from_environment

if TYPE_CHECKING:
    from catalog.adapters.tokens_oidc import OidcProvider

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Web:
    """What a web worker serves from.

    parts     those to begin with
    current   returns those of today's vocabularies and shapes
    sealed    whether the kernel seals the workers that read what users send
    counters  measures of each pool, by its name
    """

    parts: Parts
    current: Callable[[], Parts]
    sealed: bool
    counters: Mapping[str, Callable[[], Mapping[str, int]]]


class TrustedJudge:
    """Judges in this process what this package itself brings; never what a user sent."""

    def __init__(self, library: Library) -> None:
        self._library = library

    def judge(self, source: bytes, media_type: str, **more: Any) -> Judgement:
        """Return the judgement of `catalog.domain.validation.judge`."""
        return judge(source, media_type, library=self._library, **more)


def web_parts() -> Web:
    """Return what a web worker needs, by the settings in its environment.

    Raises NotSealed where the jail of the SPARQL workers does not hold.
    """
    settings = from_environment()
    graph = settings.data / "graph"
    graph.mkdir(parents=True, exist_ok=True)  # a jail is told its folders before the relay is up
    queries = Pool("query", settings.query_workers, limits=QUERY, readable=(graph,))
    if queries.is_sealed:
        queries.self_test()
    database = record(settings)
    asked = JailedQueries(queries, max_rows=settings.query_rows, max_bytes=settings.query_bytes)

    def judging(known: Library) -> tuple[Parts, Pool]:
        folder = library_folder(settings, known)
        pool = Pool("judge", settings.judge_workers, limits=JUDGE, readable=(), library=folder)
        pool.start()
        judge = JailedJudge(pool, seconds=settings.judge_seconds)
        return _parts(settings, database, known, judge, asked), pool

    renewed = RenewedParts(database, judging)
    counters = {"judge": renewed.counters, "query": queries.counters}
    sealed = queries.is_sealed and renewed.is_sealed
    return Web(renewed.current(), renewed.current, sealed, counters)


class RenewedParts:
    """The parts of a web worker, made anew when another release of the vocabularies is in force.

    Requests under way keep what they began with, the workers that judge for them included.
    """

    def __init__(
        self, database: Database, judging: Callable[[Library], tuple[Parts, Pool]]
    ) -> None:
        self._database = database
        self._judging = judging
        self._parts, self._pool = judging(library_in_force(database, library()))
        # The kernel ends jailed workers with the thread that started them: it has to stay.
        Thread(target=self._watch, name="vocabularies", daemon=True).start()

    def current(self) -> Parts:
        """Return the parts for a request that begins now."""
        return self._parts

    @property
    def is_sealed(self) -> bool:
        """Whether the kernel seals the workers that judge."""
        return self._pool.is_sealed

    def counters(self) -> Mapping[str, int]:
        """Return what happened in the pool of today."""
        return self._pool.counters()

    def _watch(self) -> None:
        self._parts.library.make_ready()
        while True:
            time.sleep(_LOOK_FOR_RELEASE_SECONDS)
            try:
                if not is_in_force(self._parts):
                    self._renew()
            except Exception as fault:  # noqa: BLE001 - what is in use goes on being used
                _log.error("the vocabularies cannot be looked at: %s", fault)

    def _renew(self) -> None:
        known = library_in_force(self._database, library())
        known.make_ready()
        parts, pool = self._judging(known)
        pool.self_test()
        old, self._parts, self._pool = self._pool, parts, pool
        _log.info("vocabularies %s are in force", known.version)
        time.sleep(_REQUESTS_END_SECONDS)
        old.close()


_LOOK_FOR_RELEASE_SECONDS = 0.5
_REQUESTS_END_SECONDS = 20.0
"""After which no request that began before a release is still having something judged."""


def operator_parts(settings: Settings) -> Parts:
    """Return the parts for an operator's command, which evaluates nothing that users send."""
    pool = Pool("query", 1, spares=0, limits=QUERY)
    database = record(settings)
    known = library_in_force(database, library())
    return _parts(settings, database, known, TrustedJudge(known), JailedQueries(pool))


def library_folder(settings: Settings, known: Library) -> Path | None:
    """Return the folder from which jailed workers read a library; None for the one installed.

    It is written when it is first needed, whole or not at all, and can be deleted at any time
    that no catalog runs: the record has what is in it.
    """
    if known.version == library().version:
        return None
    folder = settings.data / "library" / known.version
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(mkdtemp(prefix="new-", dir=folder.parent))
        known.write_to(draft)
        try:
            draft.rename(folder)
        except OSError:  # another process was faster
            shutil.rmtree(draft)
    return folder


def record(settings: Settings) -> Database:
    """Return the record; BadSetting where its address is none, or its driver is not installed."""
    try:
        return Database(settings.database)
    except (ArgumentError, NoSuchModuleError):
        raise BadSetting("database_url is not the address of a database.") from None
    except ModuleNotFoundError as fault:
        raise BadSetting(
            f"database_url asks for a database whose driver, {fault.name}, is not installed; "
            "without database_url the record is a SQLite file in the data folder."
        ) from None


def is_sealed(settings: Settings) -> bool:
    """Tell whether the kernel seals the workers that read what users send, tried on a live one.

    Raises NotSealed where it should and something is allowed all the same.
    """
    pool = Pool("query", 1, spares=0, limits=QUERY, readable=(settings.data,))
    try:
        if pool.is_sealed:
            pool.self_test()
        return pool.is_sealed
    finally:
        pool.close()


def _parts(
    settings: Settings, database: Database, known: Library, judge: Judge, queries: Queries
) -> Parts:
    if unknown := sorted(settings.without_doi - set(known.item_types)):
        raise BadSetting(f"types_without_doi names item types nobody knows: {', '.join(unknown)}.")
    provider = identity_provider(settings)
    return Parts(
        settings=settings,
        library=known,
        database=database,
        objects=object_store(settings),
        judge=judge,
        queries=queries,
        checkpoint=Checkpoints(settings.data / "graph").leased,
        bases=known_bases(database),
        remote=remote(settings),
        verifiers=(*((provider,) if provider else ()), *verifiers(settings)),
        provider=provider,
    )


def remote(settings: Settings) -> Remote:
    """Return who asks sites elsewhere about bytes that lie there."""
    from catalog.adapters.fetching import HttpRemote

    mail = f"; mailto:{settings.contact_email}" if "@" in settings.contact_email else ""
    token = settings.github_token
    return HttpRemote(
        f"sage-catalog (+{settings.base}{mail})",
        mirrors=settings.mirrors,
        credentials={"api.github.com": f"Bearer {token}"} if token else {},
        private_is_asked=settings.fetch_private_addresses,
    )


def object_store(settings: Settings) -> ObjectStore:
    """Return where bytes are kept."""
    if settings.objects == "files":
        folder = settings.data / "objects"
        return FileObjects(folder, leave_free_bytes=settings.free_bytes)
    from catalog.adapters.objects_s3 import SINGLE_PUT_BYTES, S3Objects

    return S3Objects(
        settings.s3_endpoint,
        settings.s3_access_key,
        settings.s3_secret_key,
        bucket=settings.s3_bucket,
        region=settings.s3_region,
        secure=settings.s3_secure,
        single_put_bytes=None if settings.s3_single_put else SINGLE_PUT_BYTES,
        public=settings.s3_public,
    )


@cache
def verifiers(settings: Settings) -> tuple[Verifier, ...]:
    """Return who know the tokens that the catalog did not make, the same for a whole process.

    Sage comes last: its tokens have no form of their own, so it is asked about all the rest.
    """
    found: list[Verifier] = []
    if settings.token_info_url:
        from catalog.adapters.tokens_sage import SageTokens

        sage = SageTokens(
            settings.token_info_url,
            user=settings.token_info_user,
            password=settings.token_info_password,
            users_url=settings.sage_users_url,
            oidc_issuer=settings.sage_oidc_issuer,
        )
        found.append(sage)
    return tuple(found)


def identity_provider(settings: Settings) -> "OidcProvider | None":
    """Return where people sign in who have their account elsewhere; it knows its JWTs, too."""
    if not settings.oidc_issuer:
        return None
    from catalog.adapters.tokens_oidc import Client, OidcProvider

    return OidcProvider(
        Client(
            issuer=settings.oidc_issuer,
            client_id=settings.oidc_client_id,
            client_secret=settings.oidc_client_secret,
            title=settings.oidc_title,
            scopes=settings.oidc_scopes,
            name_claim=settings.oidc_name_claim,
            groups_claim=settings.oidc_groups_claim,
            audience=settings.oidc_audience or settings.oidc_client_id,
            scope_prefix=settings.oidc_scope_prefix,
            ours=_OUR_GROUPS,
        )
    )


_OUR_GROUPS = (LINK, PROJECT, ALL_USERS)
"""Groups, or how their names begin, that are the catalog's own: no claim puts anybody there."""


def registrar(settings: Settings) -> Registrar:
    """Return who registers DOIs."""
    from catalog.adapters.registrar_datacite import DataCiteRegistrar

    repository, password = settings.registrar_account
    return DataCiteRegistrar(
        settings.registrar_address,
        repository,
        password,
        prefix=settings.doi_prefix,
        contact=settings.contact_email,
        timeout=(min(5.0, settings.datacite_seconds), float(settings.datacite_seconds)),
    )


def chores(parts: Parts) -> tuple[Chore, ...]:
    """Return what the process of the relay does from time to time beside the graph.

    What users wrote is judged in a jail here as everywhere; its worker starts when it is needed.
    """
    pool = Pool(
        "judge",
        1,
        spares=0,
        limits=JUDGE,
        readable=(),
        library=library_folder(parts.settings, parts.library),
    )
    parts = replace(parts, judge=JailedJudge(pool, seconds=parts.settings.judge_seconds))
    return (
        Chore("completed uploads", 1.0, partial(finish_uploads, parts)),
        Chore("abandoned uploads", 60.0, partial(clear_uploads, parts)),
        Chore("fixity", 60.0, partial(check_fixity, parts)),
        Chore("garbage", 60.0, partial(clear_garbage, parts)),
        Chore("orphans", 600.0, partial(mark_orphans_daily, parts)),
        Chore("ends of access", 60.0, partial(write_ends_of_access, parts)),
        Chore("dates", 1.0, partial(keep_dates, parts)),
        Chore("references", 5.0, partial(check_due, parts)),
    )


def triple_store(settings: Settings) -> TripleStore:
    """Return the public graph, held for writing; Unavailable where another process holds it."""
    from catalog.adapters.triples_oxigraph import OxigraphTriples

    longest_query = max(settings.query_seconds, settings.query_seconds_signed_in)
    keep_seconds = 3.0 if LEASES_HOLD else 2.0 * longest_query
    return OxigraphTriples(settings.data / "graph", keep_seconds=keep_seconds)


@dataclass(frozen=True, slots=True)
class StoreBeside:
    """An S3 store of our own that runs as a child, with the settings by which it is reached."""

    process: Popen
    settings: Settings
    stop: Callable[[], None]


def start_s3(settings: Settings) -> StoreBeside:
    """Start an S3 store over `DATA/s3`; Unavailable where that cannot be."""
    from catalog.adapters.weed import start_weed

    weed = start_weed(settings.data / "s3", bucket=settings.s3_bucket, allowed_origin=settings.base)
    reached = replace(
        settings,
        objects="s3",
        s3_single_put=True,
        s3_endpoint=weed.endpoint,
        s3_access_key=weed.access_key,
        s3_secret_key=weed.secret_key,
    )
    return StoreBeside(weed.process, reached, weed.stop)


def reach_s3(settings: Settings) -> Settings:
    """Return the settings by which the S3 store over `DATA/s3` is reached, if it runs."""
    from catalog.adapters.weed import keys_of

    endpoint, access_key, secret_key = keys_of(settings.data / "s3")
    return replace(
        settings,
        objects="s3",
        s3_single_put=True,
        s3_endpoint=endpoint,
        s3_access_key=access_key,
        s3_secret_key=secret_key,
    )


def examine(
    parts: Parts, *, deep: bool = False, progress: Callable[[str], None] | None = None
) -> Examination:
    """Return what `catalog.services.doctor` finds in the record, the objects and the graph."""
    from catalog.services import doctor

    graph = Checkpoints(parts.settings.data / "graph")
    return doctor.examine(parts, graph, now=datetime.now(UTC), deep=deep, progress=progress)


def rebuild_graph(parts: Parts, progress: Progress) -> int:
    """Build the public graph anew, here or by the relay that runs beside us; count its items."""
    now = datetime.now(UTC)
    is_asked = False
    while (store := _triple_store_if_free(parts.settings)) is None:
        # A relay holds it, as a rule; should that one end meanwhile, the work falls to us.
        if not is_asked:
            ask_rebuild(parts, now=now)
            is_asked = True
        if was_rebuilt(parts, _LOOK_AGAIN_SECONDS):
            return public_items(parts)
    rebuild_alone(parts, store, now=now, progress=progress)
    return public_items(parts)


_LOOK_AGAIN_SECONDS = 2.0


def _triple_store_if_free(settings: Settings) -> TripleStore | None:
    try:
        return triple_store(settings)
    except Unavailable:
        return None
