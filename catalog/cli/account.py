"""`sage-catalog account`: every account with what it holds, and what becomes of it when one leaves.

For operators, on a data folder.
"""

import argparse
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from catalog.cli.operating import parts_of, settings_of
from catalog.cli.output import GOOD, Output
from catalog.domain.sharing import GranteeType, grantee_named

_EXAMPLES = """examples:
  sage-catalog account list --data ./data
  sage-catalog account leave ana --to bob --dry-run
  sage-catalog account leave ana --to-group project:sky
"""


def declare(_verb: str, parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the verb."""
    parser.epilog = _EXAMPLES
    actions = parser.add_subparsers(dest="action", metavar="list|leave", required=True)
    listed = actions.add_parser("list", help="name every account with what it holds")
    leave = actions.add_parser(
        "leave", help="pass on all items of somebody who leaves, and end what lets them in"
    )
    leave.add_argument("name", metavar="NAME", help="the account of who leaves")
    heir = leave.add_mutually_exclusive_group(required=True)
    heir.add_argument("--to", metavar="NAME", help="the person whose the items are then")
    heir.add_argument("--to-group", metavar="GROUP", help="the group whose they are then")
    leave.add_argument("--dry-run", action="store_true", help="only tell what would be done")
    for action in (listed, leave):
        action.add_argument("--data", type=Path, help="the data folder (./data)")
        action.add_argument("--json", action="store_true", default=argparse.SUPPRESS)
    listed.set_defaults(run=_list)
    leave.set_defaults(run=_leave)


def _list(said: argparse.Namespace, output: Output) -> int:
    from catalog.services.holdings import holdings

    found = holdings(parts_of(settings_of(said)), now=datetime.now(UTC))
    accounts = [asdict(one) | {"created": one.created.isoformat()} for one in found]
    lines = [
        f"{one.name}\t{one.kind}\t{one.role}\t{one.items} items\t{one.tokens} tokens"
        for one in found
    ]
    output.result({"accounts": accounts}, "\n".join(lines))
    return GOOD


def _leave(said: argparse.Namespace, output: Output) -> int:
    from catalog.services.leave import leave

    kind = GranteeType.USER if said.to is not None else GranteeType.GROUP
    heir = grantee_named(kind, said.to if said.to is not None else said.to_group)
    parts = parts_of(settings_of(said))
    left = leave(parts, said.name, heir, now=datetime.now(UTC), dry_run=said.dry_run)
    told = (
        f"{'Would pass' if said.dry_run else 'Passed'} {left.items} items of {left.name} on to "
        f"{left.heir}. Ended: {left.tokens} tokens, {left.sessions} sessions, "
        f"{left.grants} grants, {left.offers} offers."
    )
    output.result(asdict(left) | {"dry_run": said.dry_run}, told)
    return GOOD
