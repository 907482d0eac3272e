"""The operator's verbs, which work on a data folder: token, relay, rebuild, doctor, settings."""

import argparse
import signal
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from catalog.cli.output import BLOCKED, GOOD, NotReachable, Output, WrongUse
from catalog.domain.permissions import Role
from catalog.parts import Parts
from catalog.settings import Settings, from_environment, listed

_EXAMPLES = {
    "token": """examples:
  sage-catalog token create ana --data ./data
  sage-catalog token create robot --role curator --days 90 --json
  sage-catalog token revoke sage_... --data ./data
""",
    "relay": """examples:
  sage-catalog relay --data ./data            usually started by `serve`
""",
    "rebuild": """examples:
  sage-catalog rebuild --data ./data          beside a running server, or alone
""",
    "doctor": """examples:
  sage-catalog doctor --data ./data
  sage-catalog doctor --data ./data --deep    read every byte of every file as well
""",
    "settings": """examples:
  sage-catalog settings
  sage-catalog settings --json
""",
}


def declare(verb: str, parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of one of these verbs."""
    parser.epilog = _EXAMPLES[verb]
    parser.add_argument("--data", type=Path, help="the data folder (./data)")
    if verb == "token":
        actions = parser.add_subparsers(dest="action", metavar="create|revoke", required=True)
        create = actions.add_parser("create", help="make a token for an account")
        create.add_argument("name", help="name of the account; made if there is none")
        create.add_argument("--role", choices=[role.value for role in Role], help="its role")
        create.add_argument("--days", type=int, help="days until it expires (never)")
        revoke = actions.add_parser("revoke", help="make a token worthless")
        revoke.add_argument("token")
        for action in (create, revoke):
            action.add_argument("--data", type=Path, default=argparse.SUPPRESS)
            action.add_argument("--json", action="store_true", default=argparse.SUPPRESS)
    if verb == "doctor":
        parser.add_argument("--deep", action="store_true", help="check the SHA-256 of every file")
    parser.set_defaults(run=_RUNS[verb])


def _settings(said: argparse.Namespace) -> Settings:
    return from_environment(overrides={"data": getattr(said, "data", None)})


def _parts(settings: Settings, *, prepare: bool = False) -> Parts:
    """Return the parts over an existing data folder, or say that there is none."""
    from catalog.bootstrap import operator_parts
    from catalog.database import Database
    from catalog.services.start import prepare_record

    if prepare:
        settings.data.mkdir(parents=True, exist_ok=True)
        database = Database(settings.database)
        prepare_record(database, settings.base, now=datetime.now(UTC))
        database.close()
    elif not settings.database_url and not (settings.data / "record.sqlite").exists():
        raise NotReachable(f"There is no catalog in {settings.data}; name its folder with --data")
    return operator_parts(settings)


def _token(said: argparse.Namespace, output: Output) -> int:
    from catalog.services.accounts import create_token, revoke_token

    parts = _parts(_settings(said), prepare=said.action == "create")
    now = datetime.now(UTC)
    if said.action == "revoke":
        known = revoke_token(parts, said.token, now=now)
        output.result({"revoked": known}, "Revoked." if known else "That token is not known.")
        return GOOD if known else BLOCKED
    if said.days is not None and said.days < 1:
        raise WrongUse("--days is at least 1")
    token = create_token(
        parts,
        said.name,
        Role(said.role) if said.role else None,
        now=now,
        expires=now + timedelta(days=said.days) if said.days else None,
    )
    output.result({"token": token, "account": said.name}, token)
    return GOOD


def _relay(said: argparse.Namespace, output: Output) -> int:
    from catalog.bootstrap import triple_store
    from catalog.services.relay import run_relay

    settings = _settings(said)
    parts = _parts(settings)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: stop.set())
    run_relay(parts, triple_store(settings), stop)
    output.result({"stopped": True}, "")
    return GOOD


def _rebuild(said: argparse.Namespace, output: Output) -> int:
    from catalog.bootstrap import rebuild_graph

    settings = _settings(said)
    parts = _parts(settings)
    with output.progress("Rebuilding the graph", None) as bar:
        count = rebuild_graph(parts, lambda done, _total: bar.to(done))
    output.result({"items": count}, f"The graph was built anew from {count} items.")
    return GOOD


def _doctor(said: argparse.Namespace, output: Output) -> int:
    from catalog.bootstrap import examine

    settings = _settings(said)
    parts = _parts(settings)
    with output.progress("Examining", None):
        found: Any = examine(parts, deep=said.deep)
    output.result(found.to_dict(), found.to_text())
    return GOOD if found.is_healthy else BLOCKED


def _list_settings(said: argparse.Namespace, output: Output) -> int:
    entries = listed(_settings(said))
    lines = [
        f"{entry['variable']} = {entry['value']!s}\n    {entry['meaning']}" for entry in entries
    ]
    output.result({"settings": entries}, "\n".join(lines))
    return GOOD


_RUNS = {
    "token": _token,
    "relay": _relay,
    "rebuild": _rebuild,
    "doctor": _doctor,
    "settings": _list_settings,
}
