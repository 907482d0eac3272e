"""`sage-catalog doi`: what is registered of an item, and how far its registration has come."""

import argparse

from catalog.cli import doi_preview, doi_registration
from catalog.cli.output import Output


def declare(_verb: str, parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `doi` and of what stands behind it."""
    parser.epilog = """examples:
  sage-catalog doi preview model.ttl            what would be registered, and what is wrong with it
  sage-catalog doi preview w62kz7rwhm --xml     of an item, as the XML of DataCite
  sage-catalog doi status --data ./data         every DOI of a data folder, and what holds it up
  sage-catalog doi reconcile --fix              compare with the registrar, and put right
"""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    preview = actions.add_parser("preview", help="show what is registered, before it is")
    doi_preview.declare(preview)
    status = actions.add_parser("status", help="show every DOI, or those of an item, by state")
    doi_registration.declare_status(status)
    reconcile = actions.add_parser("reconcile", help="compare with what the registrar has")
    doi_registration.declare_reconcile(reconcile)
    for action in (preview, status, reconcile):
        action.add_argument("--json", action="store_true", default=argparse.SUPPRESS)
    parser.set_defaults(run=run)


def run(said: argparse.Namespace, output: Output) -> int:
    """Do one of the actions."""
    code: int = _ACTIONS[said.action](said, output)
    return code


_ACTIONS = {
    "preview": doi_preview.run,
    "status": doi_registration.status,
    "reconcile": doi_registration.reconcile,
}
