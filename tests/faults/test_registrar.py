"""A registrar that fails in every way it can, while people publish, change and withdraw.

Each run has a seed, and a failure names it. `FAULT_RUNS=1000` asks for as many runs.
"""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from catalog.adapters.registrar_datacite import DataCiteRegistrar
from catalog.domain.errors import CatalogError
from catalog.domain.identifiers import concept_doi, version_doi
from catalog.domain.lifecycle import Visibility
from catalog.ports import Registered
from catalog.sandbox.admin import Admin
from catalog.services import outbox
from catalog.services.begin_version import begin_version
from catalog.services.readiness import readiness
from catalog.services.reconcile_dois import reconcile
from catalog.services.register import QUIET, Registration
from catalog.services.withdraw import withdraw
from catalog.tables import Doi, Version, Work
from tests.catalogs import BASE, Catalog, catalog_in, now

RUNS = int(os.environ.get("FAULT_RUNS", "50"))
RUNS_IN_A_BLOCK = 10
BLOCKS = -(-RUNS // RUNS_IN_A_BLOCK)
ANSWER_SECONDS = 0.08
"""How long the catalog waits for an answer here; what hangs does so for longer."""

PATIENCE_SECONDS = 10.0

FAULTS: tuple[dict[str, Any], ...] = (
    {"kind": "mint-then-500"},
    {"kind": "mint-then-hang", "seconds": 0.16},
    {"kind": "latency", "seconds": 0.16},
    {"kind": "drop-after-commit"},
    {"kind": "drop-before-commit"},
    {"kind": "truncated-json"},
    {"kind": "slow-body", "seconds": 3},
    {"kind": "500"},
    {"kind": "502"},
    {"kind": "503", "retry_after": 30},
    {"kind": "429", "retry_after": 600},
    {"kind": "422"},
    {"kind": "401"},
)
LATE_SECONDS = 0.2
"""After which everything that was asked has been done, or never will be."""


class Killed(BaseException):
    """The relay was killed."""


@dataclass
class Sandbox:
    """The registrar as a process of its own, which can be killed and started again."""

    folder: Path
    prefixes: str
    address: str = ""
    port: int = 0
    process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        command = [sys.executable, "-m", "catalog.cli", "sandbox", "--json"]
        command += ["--port", str(self.port), "--data", str(self.folder)]
        command += ["--repository", f"SAGE.SANDBOX:sandbox:{self.prefixes}"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert self.process.stdout is not None
        said = b""
        while b"}\n" not in said[-4:] or said.count(b"{") != said.count(b"}"):
            line = self.process.stdout.readline()
            assert line, "the sandbox does not start"
            said += line
        self.address = json.loads(said)["address"]
        self.port = int(self.address.rstrip("/").rpartition(":")[2])

    def kill(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()

    @property
    def admin(self) -> Admin:
        return Admin(self.address)


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    prefixes = ",".join(prefix_of(block) for block in range(BLOCKS + 10))
    found = Sandbox(tmp_path_factory.mktemp("sandbox"), prefixes)
    found.start()
    yield found
    found.kill()


def prefix_of(block: int) -> str:
    return f"10.{60_000 + block}"


def catalog_with(folder: Path, prefix: str) -> Catalog:
    """Make a catalog whose DOIs have a prefix of their own."""
    made = catalog_in(folder, dois=True)
    settings = replace(made.parts.settings, datacite_prefix=prefix)
    return replace(made, parts=replace(made.parts, settings=settings))


def registrar_of(
    sandbox: Sandbox, prefix: str, seconds: float = PATIENCE_SECONDS
) -> DataCiteRegistrar:
    return DataCiteRegistrar(
        sandbox.address, "SAGE.SANDBOX", "sandbox", prefix=prefix, timeout=(1.0, seconds)
    )


@dataclass
class Interrupted:
    """A registrar in the middle of whose calls things happen: by chance, but by a seed."""

    real: DataCiteRegistrar
    chance: random.Random
    something: Callable[[], None]
    how_often: float = 0.0

    def put(self, doi: str, attributes: Mapping[str, Any], event: str | None = None) -> Registered:
        self._perhaps(self.something)
        done = self.real.put(doi, attributes, event)
        self._perhaps(self.something)
        self._perhaps(self._kill)
        return done

    def get(self, doi: str) -> Registered | None:
        return self.real.get(doi)

    def delete(self, doi: str) -> None:
        self.real.delete(doi)

    def listing(self, prefix: str) -> Iterator[Registered]:
        return self.real.listing(prefix)

    def is_reachable(self) -> bool:
        return self.real.is_reachable()

    def _perhaps(self, do: Callable[[], None]) -> None:
        if self.chance.random() < self.how_often:
            do()

    def _kill(self) -> None:
        raise Killed


@dataclass
class Run:
    """One run: an item or two, what people do to them, and relays that come and go."""

    catalog: Catalog
    sandbox: Sandbox
    seed: int
    ids: list[str] = field(default_factory=list)
    private: list[str] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        self.moment = now()
        self.prefix = self.catalog.parts.settings.doi_prefix
        impatient = registrar_of(self.sandbox, self.prefix, ANSWER_SECONDS)
        self.patient = registrar_of(self.sandbox, self.prefix)
        self.registrar = Interrupted(impatient, self.chance, self.something)
        self.relays = [self.relay(), self.relay()]

    def relay(self) -> Registration:
        return Registration(self.catalog.parts, self.registrar)

    def act(self) -> None:
        """Have people and relays at work while the registrar fails."""
        self.something()
        fits = {"probability": self.chance.uniform(0.2, 0.7), "times": 0}
        faults = self.chance.sample(FAULTS, self.chance.randint(1, 3))
        self.sandbox.admin.set_faults(
            *(fault | fits | {"seed": self.seed, "method": self.about()} for fault in faults)
        )
        # What hangs somewhere arrives soon by the clock on the wall: by ours it may not be later
        # than QUIET, which is what the catalog relies on.
        is_late = any(fault["kind"] == "latency" for fault in faults)
        pauses = (1, 30) if is_late else (1, 30, 700)
        self.registrar.how_often = 0.12
        for _ in range(self.chance.randint(3, 7)):
            if self.chance.random() < 0.5:
                self.something()
            self.step()
            self.moment += timedelta(seconds=self.chance.choice(pauses))
        self.registrar.how_often = 0.0
        if self.chance.random() < 0.2:
            self.have_a_call_come_late()
            is_late = True
        self.registrar.real = self.patient
        self.sandbox.admin.clear_faults()
        if is_late:
            time.sleep(LATE_SECONDS)

    def have_a_call_come_late(self) -> None:
        """Have a publication arrive at the registrar after the withdrawal that followed it."""
        self.sandbox.admin.clear_faults()
        time.sleep(LATE_SECONDS)
        late = {"kind": "latency", "seconds": LATE_SECONDS * 0.8, "method": "PUT"}
        item = self.catalog.submit(f"Run {self.seed}, late").id
        self.ids.append(item)
        impatient, self.registrar.real = self.registrar.real, self.patient
        self.settle()
        self.catalog.revise(item, f"Run {self.seed}, later")
        self.sandbox.admin.set_faults(late)
        self.registrar.real = impatient
        self.work(0)
        self.withdraw(item)
        self.registrar.real = self.patient
        self.moment += timedelta(seconds=60)
        self.work(1)
        self.done["late calls"] += 1

    def about(self) -> str:
        return self.chance.choice(("PUT", "PUT", "GET", "*"))

    def step(self) -> None:
        """Have one relay work for a while, or both at once; a killed one is replaced."""
        if self.chance.random() < 0.2:
            both = [threading.Thread(target=self.work, args=(one,)) for one in (0, 1)]
            for thread in both:
                thread.start()
            for thread in both:
                thread.join()
        else:
            self.work(self.chance.choice((0, 1)))

    def work(self, number: int) -> None:
        try:
            for _ in range(3):
                if not self.relays[number].step(self.moment):
                    return
        except Killed:
            self.done["relays killed"] += 1
            self.relays[number] = self.relay()
        self.check_failures_are_visible()

    def check_failures_are_visible(self) -> None:
        with self.catalog.parts.database.reading() as session:
            tried = session.scalars(
                select(Work.problem).where(Work.topic == outbox.DOI, Work.attempts > 0)
            ).all()
        assert all(tried), self.seed
        if tried:
            self.done["waits told"] += 1
            told = readiness(self.catalog.parts, now=now()).registrar
            assert told.problem or not told.failing, self.seed

    def something(self) -> None:
        """Do one of the things that people do; what cannot be done now is not done."""
        self.done["changes"] += 1
        if len(self.ids) < 1 or (len(self.ids) < 2 and self.chance.random() < 0.15):
            self.ids.append(self.catalog.submit(f"Run {self.seed}").id)
            return
        item = self.chance.choice(self.ids)
        with suppress(CatalogError):
            self.chance.choice(
                (self.revise, self.revise, self.next_version, self.withdraw, self.withdraw_one,
                 self.keep_private)
            )(item)  # fmt: skip

    def revise(self, item: str) -> None:
        self.catalog.revise(item, f"Run {self.seed}, {self.chance.randrange(10**6)}")

    def next_version(self, item: str) -> None:
        anything = frozenset("*")
        catalog = self.catalog
        begin_version(catalog.parts, catalog.actor, item, expected=anything, now=now())
        if self.chance.random() < 0.7:
            self.catalog.publish(item)

    def withdraw(self, item: str) -> None:
        self.catalog.withdraw(item)

    def withdraw_one(self, item: str) -> None:
        withdraw(
            self.catalog.parts,
            self.catalog.actor,
            item,
            n=1,
            reason="a test",
            expected=frozenset("*"),
            now=now(),
        )

    def keep_private(self, _item: str) -> None:
        if not self.private:
            draft = self.catalog.submit("Private", published=False)
            self.catalog.publish(draft.id, Visibility.PRIVATE)
            self.private.append(draft.id)

    def settle(self) -> None:
        """Have a relay at work, and time go by, until nothing waits."""
        relay = self.relay()
        for _ in range(40):
            while relay.step(self.moment):
                pass
            if not self.waiting():
                return
            self.moment += QUIET / 2 + timedelta(minutes=20)
        raise AssertionError(f"seed {self.seed} does not settle: {self.waiting()}")

    def waiting(self) -> list[tuple[str, str | None]]:
        with self.catalog.parts.database.reading() as session:
            found = session.execute(
                select(Work.item_id, Work.problem).where(Work.topic == outbox.DOI)
            )
            return [(item_id, problem) for item_id, problem in found]

    def expected(self) -> dict[str, tuple[str, str, str]]:
        """Return what the registrar should have, by DOI: its state, address and title.

        Written down anew from the contract, for this test to be judge and not party.
        """
        prefix, found = self.prefix, {}
        with self.catalog.parts.database.reading() as session:
            for item in self.ids:
                rows = session.scalars(select(Version).where(Version.item_id == item)).all()
                shown = [row for row in rows if row.state == "published"]
                gone = [row for row in rows if row.state == "withdrawn" and row.published]
                home = f"{BASE}items/{item}"
                for row in shown + gone:
                    state = "findable" if row in shown else "registered"
                    doi = version_doi(item, row.n, prefix)
                    found[doi] = (state, f"{home}/v/{row.n}", row.title)
                newest = max(shown or gone, key=lambda row: row.n)
                state = "findable" if shown else "registered"
                found[concept_doi(item, prefix)] = (state, home, newest.title)
        return found

    def registered(self) -> dict[str, tuple[str, str, str]]:
        """Return what the registrar has of all that is this run's."""
        found = {}
        for one in self.registrar.listing(self.prefix):
            if any(item in one.doi for item in (*self.ids, *self.private)):
                title = one.attributes["titles"][0]["title"]
                found[one.doi] = (one.state, one.url, title)
        return found

    def refused(self) -> set[str]:
        """Return the DOIs that wait for a change, or for somebody who has them tried again."""
        with self.catalog.parts.database.reading() as session:
            rows = session.scalars(select(Doi).where(Doi.item_id.in_(self.ids))).all()
            return {row.doi for row in rows if row.problem is not None}

    def states(self) -> dict[str, str]:
        words = {"findable": "findable", "hidden": "registered"}
        with self.catalog.parts.database.reading() as session:
            rows = session.scalars(select(Doi).where(Doi.item_id.in_(self.ids))).all()
            return {row.doi: words.get(row.state, row.state) for row in rows}


@pytest.mark.parametrize("block", range(BLOCKS))
def test_record_and_registrar_agree_whatever_happens(
    block: int, sandbox: Sandbox, tmp_path: Path
) -> None:
    catalog = catalog_with(tmp_path, prefix_of(block))
    since = last_entry(sandbox)
    done: Counter[str] = Counter()
    for seed in range(block * RUNS_IN_A_BLOCK, min((block + 1) * RUNS_IN_A_BLOCK, RUNS)):
        run = Run(catalog, sandbox, seed)
        run.act()
        run.settle()
        expected = run.expected()
        refused = run.refused()
        assert without(refused, run.registered()) == without(refused, expected), f"seed {seed}"
        if refused:
            done["refused"] += len(refused)
            reconcile(catalog.parts, run.registrar, now=run.moment, fix=True)
            run.settle()
            assert run.registered() == expected, f"seed {seed}"
        assert run.states() == {doi: state for doi, (state, _, _) in expected.items()}, seed
        done += run.done + Counter({"runs": 1, "DOIs": len(expected)})
    done += check_journal(sandbox, since, prefix_of(block))
    found = reconcile(catalog.parts, registrar_of(sandbox, prefix_of(block)), now=now(), fix=False)
    assert found.drifts == ()
    print(f"block {block}: {dict(done)}")


def without(names: set[str], found: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was found but for some."""
    return {name: one for name, one in found.items() if name not in names}


def last_entry(sandbox: Sandbox) -> int:
    return max((entry["id"] for entry in sandbox.admin.journal()), default=0)


def check_journal(sandbox: Sandbox, since: int, prefix: str) -> Counter[str]:
    """Check that each DOI was minted once, and return how often the registrar failed, and how."""
    minted: Counter[str] = Counter()
    failed: Counter[str] = Counter()
    for entry in sandbox.admin.journal(since):
        if entry["fault"]:
            failed[entry["fault"]] += 1
        if entry["method"] == "PUT" and f"/{prefix}/" in entry["path"] and entry["status"] == 201:
            minted[entry["path"]] += 1
    assert set(minted.values()) <= {1}, minted.most_common(3)
    return failed


def test_a_registrar_that_is_away_for_a_day_is_told_everything_within_the_hour(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    catalog = catalog_with(tmp_path, prefix_of(BLOCKS + 1))
    run = Run(catalog, sandbox, seed=0)
    for _ in range(3):
        run.ids.append(catalog.submit("Before").id)
    run.settle()
    sandbox.kill()
    run.ids.append(catalog.submit("While it is away").id)
    catalog.revise(run.ids[0], "Revised while it is away")
    catalog.withdraw(run.ids[1])
    begun = run.moment
    tries = 0
    while run.moment < begun + timedelta(days=1):
        tries += run.relays[0].step(run.moment)
        run.moment += timedelta(seconds=300)
    told = readiness(catalog.parts, now=now()).registrar
    assert (told.pending, told.failing) == (3, 3)
    assert "does not answer" in (told.problem or "")
    assert 24 < tries < 200, "neither given up nor pestered"
    sandbox.start()
    restarted: datetime = run.moment
    while run.waiting() and run.moment < restarted + timedelta(hours=1):
        while run.relays[0].step(run.moment):
            pass
        run.moment += timedelta(seconds=60)
    assert run.registered() == run.expected()
    check_journal(sandbox, 0, prefix_of(BLOCKS + 1))


def test_an_address_that_the_registrar_refuses_is_the_owners_to_read(tmp_path: Path) -> None:
    from catalog import sandbox as registrars

    prefix = prefix_of(BLOCKS + 2)
    strict = registrars.Repository("SAGE.SANDBOX", "sandbox", (prefix,), ("elsewhere.example",))
    catalog = catalog_with(tmp_path, prefix)
    with registrars.running(tmp_path / "sandbox", repositories=[strict]) as running:
        item = catalog.submit("Not there")
        registrar = DataCiteRegistrar(running.address, strict.id, "sandbox", prefix=prefix)
        relay = Registration(catalog.parts, registrar)
        while relay.step(now()):
            pass
        with catalog.parts.database.reading() as session:
            row = session.get_one(Doi, (item.id, 1))
            assert (row.state, "domain settings" in (row.problem or "")) == ("failed", True)
        moved = catalog.under(base="https://elsewhere.example/")
        relay = Registration(moved.parts, registrar)
        while relay.step(now()):
            pass
        assert {one["state"] for one in running.admin.dois()} == {"findable"}
