"""The operator's verbs, which work on a data folder: token, relay, rebuild, doctor, settings."""

import argparse
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from catalog.cli.output import BLOCKED, GOOD, NotReachable, Output
from catalog.database import Database
from catalog.domain.errors import NotFound
from catalog.domain.permissions import Role, Scope
from catalog.parts import Parts
from catalog.processes import told_to_stop
from catalog.settings import (
    SANDBOX,
    Settings,
    from_environment,
    listed,
    unknown_variables,
)

_EXAMPLES = {
    "token": """examples:
  sage-catalog token create ana --data ./data
  sage-catalog token create robot --role curator --days 90 --json
  sage-catalog token create loader --scope write --label "nightly upload" --days 30
  sage-catalog token list ana                 without a name those of everybody
  sage-catalog token revoke 3f9c0a7b21de      by its id in the list, or the token itself
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
        _declare_token(parser)
    if verb == "doctor":
        parser.add_argument("--deep", action="store_true", help="check the SHA-256 of every file")
    parser.set_defaults(run=_RUNS[verb])


def _declare_token(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="create|list|revoke", required=True)
    create = actions.add_parser("create", help="make a token for an account")
    create.add_argument("name", metavar="NAME", help="the account; made if there is none")
    create.add_argument("--role", choices=[role.value for role in Role], help="its role")
    create.add_argument("--days", type=_days, help="days until it expires (never)")
    create.add_argument(
        "--scope",
        action="append",
        choices=[scope.value for scope in Scope],
        help="what it may be used for beside reading; several times for several (all)",
    )
    create.add_argument("--label", default="", help="what it is for, as its owner's page shows it")
    listing = actions.add_parser("list", help="list tokens; nobody can be shown one again")
    listing.add_argument("name", metavar="NAME", nargs="?", help="the account (all)")
    revoke = actions.add_parser("revoke", help="make a token worthless")
    revoke.add_argument("token", metavar="TOKEN|ID")
    for action in (create, listing, revoke):
        action.add_argument("--data", type=Path, default=argparse.SUPPRESS, help="(./data)")
        action.add_argument("--json", action="store_true", default=argparse.SUPPRESS)


def _days(text: str) -> int:
    days = int(text)
    if not 1 <= days <= 36_500:
        raise argparse.ArgumentTypeError("1 to 36500")
    return days


def settings_of(said: argparse.Namespace) -> Settings:
    """Return the settings, with the data folder that the command names."""
    return from_environment(overrides={"data": said.data})


def parts_of(settings: Settings) -> Parts:
    """Return the parts over an existing catalog, under the address of its last start.

    An operator's command is told the folder and not the port: what the record says of the two
    is what the server that may run beside it goes by.
    """
    from catalog.bootstrap import operator_parts, reach_s3
    from catalog.services.start import (
        base_of_last_start,
        objects_are_beside,
        registrar_of_last_start,
    )

    database = _record(settings)
    if (base := base_of_last_start(database)) is not None:
        settings = replace(settings, base_url=base)
    if settings.registrar == SANDBOX and not settings.datacite_url:
        settings = replace(settings, datacite_url=registrar_of_last_start(database) or "")
    if objects_are_beside(database) and settings.objects == "files":
        settings = reach_s3(settings)
    database.close()
    return operator_parts(settings)


def _record(settings: Settings, *, begin: bool = False) -> Database:
    """Return the record of an existing catalog; of a new one where it may `begin`."""
    from catalog.bootstrap import record
    from catalog.migrations import bring_up_to_date, is_up_to_date

    is_there = bool(settings.database_url) or (settings.data / "record.sqlite").exists()
    if not is_there and not begin:
        raise NotReachable(f"There is no catalog in {settings.data}; name its folder with --data.")
    if not is_there:
        settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    database = record(settings)
    if not is_there:
        bring_up_to_date(database)
    elif not is_up_to_date(database):
        raise NotReachable(
            f"The record in {settings.data} is of another release; `serve` brings it up to date."
        )
    return database


def _token(said: argparse.Namespace, output: Output) -> int:
    from catalog.bootstrap import operator_parts

    settings = settings_of(said)
    _record(settings, begin=said.action == "create").close()
    return _TOKEN_ACTIONS[said.action](operator_parts(settings), said, output)


def _create_token(parts: Parts, said: argparse.Namespace, output: Output) -> int:
    from catalog.services.accounts import create_token

    now = datetime.now(UTC)
    token = create_token(
        parts,
        said.name,
        Role(said.role) if said.role else None,
        now=now,
        expires=now + timedelta(days=said.days) if said.days else None,
        scopes=[Scope(name) for name in said.scope] if said.scope else None,
        label=said.label,
    )
    output.result({"token": token}, token)
    return GOOD


def _list_tokens(parts: Parts, said: argparse.Namespace, output: Output) -> int:
    from catalog.services.tokens import every_token

    lines = [line.to_dict() for line in every_token(parts, said.name, now=datetime.now(UTC))]
    output.result({"tokens": lines}, "\n".join(map(_line_of_token, lines)) or "There is none.")
    return GOOD


def _line_of_token(line: Mapping[str, Any]) -> str:
    used = f"last used {line['last_used'][:16]}Z" if line["last_used"] else "never used"
    ends = f"until {line['expires'][:10]}" if line["expires"] else "without end"
    told = (line["id"], line["account"], line["state"], ",".join(line["scopes"]), ends, used)
    return "  ".join((*told, line["label"])).rstrip()


def _revoke_token(parts: Parts, said: argparse.Namespace, output: Output) -> int:
    from catalog.services.accounts import is_ours, revoke_token
    from catalog.services.tokens import end_token_of_id

    now = datetime.now(UTC)
    if not is_ours(said.token):
        end_token_of_id(parts, said.token, now=now)
    elif not revoke_token(parts, said.token, now=now):
        raise NotFound("That token is not known.")
    output.result({"revoked": True}, "Revoked.")
    return GOOD


_TOKEN_ACTIONS: dict[str, Callable[[Parts, argparse.Namespace, Output], int]] = {
    "create": _create_token,
    "list": _list_tokens,
    "revoke": _revoke_token,
}


def _relay(said: argparse.Namespace, output: Output) -> int:
    from catalog.bootstrap import chores, operator_parts, registrar, triple_store
    from catalog.services.chores import doing
    from catalog.services.register import registering
    from catalog.services.relay import run_relay

    settings = settings_of(said)
    _record(settings).close()
    stop = told_to_stop()
    store = triple_store(settings)
    while not stop.is_set():  # once for each release of the vocabularies
        parts = operator_parts(settings)
        with registering(parts, registrar(settings)), doing(chores(parts)):
            run_relay(parts, store, stop)
        parts.database.close()
    output.result({"stopped": True}, "")
    return GOOD


def _rebuild(said: argparse.Namespace, output: Output) -> int:
    from catalog.bootstrap import rebuild_graph

    parts = parts_of(settings_of(said))
    with output.progress("Rebuilding the graph", None) as bar:
        count = rebuild_graph(parts, bar.to)
    output.result({"items": count}, f"The graph was built anew from {count} items.")
    return GOOD


def _doctor(said: argparse.Namespace, output: Output) -> int:
    from catalog.bootstrap import examine

    parts = parts_of(settings_of(said))
    with output.progress("Examining", None) as bar:
        found = examine(
            parts, deep=said.deep, progress=lambda name: bar.about(f"Looking at {name}")
        )
    output.result(found.to_dict(), found.to_text())
    return GOOD if found.is_healthy else BLOCKED


def _list_settings(said: argparse.Namespace, output: Output) -> int:
    entries = listed(settings_of(said))
    lines = [
        f"{entry['variable']} = {entry['value']!s}\n    {entry['meaning']}" for entry in entries
    ]
    for sentence in unknown_variables():
        output.say(sentence)
    output.result({"settings": entries}, "\n".join(lines))
    return GOOD


_RUNS = {
    "token": _token,
    "relay": _relay,
    "rebuild": _rebuild,
    "doctor": _doctor,
    "settings": _list_settings,
}
