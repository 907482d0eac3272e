"""The command line: `sage-catalog VERB`.

Exit codes: 0 good, 1 findings that block, 2 wrong use, 3 not reachable, 4 not allowed,
5 conflict. With `--json` one JSON document goes to standard output, all else to standard error.
"""

import argparse
import difflib
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import NoReturn

from catalog.cli.output import INTERRUPTED, WRONG_USE, Output, WrongUse

VERBS = {
    "serve": ("serve", "run the catalog: web, relay and query workers under one parent"),
    "submit": ("remote", "describe and upload in one go"),
    "publish": ("remote", "publish drafts, several in one transaction"),
    "upload": ("transfers", "upload files and folders of a draft"),
    "download": ("transfers", "download files of an item"),
    "query": ("querying", "ask a SPARQL query"),
    "login": ("remote", "keep a token for later commands"),
    "init": ("init", "write a description of an item type to fill in"),
    "validate": ("validating", "judge descriptions, offline or by a server"),
    "reference": ("reference", "look up what lies elsewhere, and look at it again"),
    "doi": ("doi", "show what is registered of an item, and how far that has come"),
    "token": ("operating", "create and revoke tokens"),
    "account": ("account", "list accounts; pass on what is somebody's who leaves"),
    "relay": ("operating", "bring the projections up to date until stopped"),
    "rebuild": ("operating", "build the graph anew from the record"),
    "vocab": ("vocab", "check vocabularies, see what a change would do, bring it into force"),
    "sandbox": ("sandbox", "run a registrar of DOIs that resolve nowhere else"),
    "doctor": ("operating", "check every invariant of a data folder"),
    "reconcile": ("reconciling", "compare the record with the object store, and put it right"),
    "settings": ("operating", "list every setting with its value and meaning"),
}
"""Each verb with the module that knows it and what it does, in the order of the help."""

_WITH_VALUE = frozenset({"--url", "--token", "--data"})
"""Options that may stand before the verb and are followed by a value."""


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one sentence and exit code 2."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong with the use, and where the help is."""
        raise WrongUse(f"{message.rstrip('.')}. See {self.prog} --help.")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb and return its exit code; never a traceback for what a user did."""
    arguments = _verb_first(list(sys.argv[1:] if argv is None else argv))
    output = Output(as_json="--json" in arguments)
    try:
        if not arguments or arguments == ["--json"]:
            return _without_verb(output)
        said = _parser(arguments).parse_args(arguments)
        code: int = said.run(said, output)
    except KeyboardInterrupt:
        return output.fail_as("Stopped.", INTERRUPTED)
    except BrokenPipeError:
        # Who read the output has seen enough; Python would complain once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 0
    except Exception as fault:  # noqa: BLE001 - a user gets a sentence, never a traceback
        return output.fail(fault)
    return code


def _verb_first(arguments: list[str]) -> list[str]:
    """Return the arguments with options that stood before the verb behind it."""
    before: list[str] = []
    rest = arguments
    while rest and rest[0].startswith("-"):
        taken = 2 if rest[0] in _WITH_VALUE else 1
        before, rest = before + rest[:taken], rest[taken:]
    if rest[:1] == ["help"]:
        rest = [*rest[1:2], "--help"]
    return [*rest[:1], *before, *rest[1:]]


def _without_verb(output: Output) -> int:
    if output.as_json:
        raise WrongUse("Name a verb. See sage-catalog --help.")
    _parser([]).print_help()
    return WRONG_USE


def _parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
    parser = Parser(
        prog="sage-catalog",
        description="The metadata catalog of the Sage edge-AI sensor network.",
        epilog="Each verb has a help of its own with examples: sage-catalog VERB --help",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action=_Version, help="print the version")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True, parser_class=Parser)
    used = next((word for word in arguments if not word.startswith("-")), None)
    _check_verb(used)
    for verb, (module, summary) in VERBS.items():
        shown = verbs.add_parser(
            verb,
            help=summary,
            description=summary[0].upper() + summary[1:] + ".",
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        # Only the verb that is used is imported: a command starts in a tenth of a second.
        if verb == used:
            shown.add_argument("--json", action="store_true", help="one JSON document on stdout")
            import_module(f"catalog.cli.{module}").declare(verb, shown)
    return parser


def _check_verb(used: str | None) -> None:
    if used is None or used in VERBS:
        return
    close = difflib.get_close_matches(used, VERBS, 1)
    meant = f" Did you mean {close[0]}?" if close else ""
    raise WrongUse(f"There is no verb {used}.{meant} See sage-catalog --help.")


class _Version(argparse.Action):
    def __init__(self, *names: str, **more: object) -> None:
        super().__init__(*names, **(more | {"nargs": 0}))  # type: ignore[arg-type]

    def __call__(self, parser: argparse.ArgumentParser, *_rest: object) -> None:
        from importlib.metadata import version

        sys.stdout.write(f"sage-catalog {version('sage-catalog')}\n")
        parser.exit(0)
