"""The command line: `sage-catalog VERB`.

Exit codes: 0 good, 1 findings that block, 2 wrong use, 3 not reachable, 4 not allowed,
5 conflict. With `--json` one JSON document goes to standard output, all else to standard error.
"""

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import NoReturn

from catalog.cli.output import Output

VERBS = {
    "serve": ("serve", "run the catalog: web, relay and query workers under one parent"),
    "submit": ("remote", "describe and upload in one go"),
    "publish": ("remote", "publish drafts, several in one transaction"),
    "upload": ("remote", "upload files of a draft"),
    "download": ("remote", "download files of an item"),
    "query": ("remote", "ask a SPARQL query"),
    "login": ("remote", "keep a token for later commands"),
    "validate": ("validating", "judge descriptions, offline or by a server"),
    "token": ("operating", "create and revoke tokens"),
    "relay": ("operating", "bring the projections up to date until stopped"),
    "rebuild": ("operating", "build the graph anew from the record"),
    "doctor": ("operating", "check every invariant of a data folder"),
    "settings": ("operating", "list every setting with its value and meaning"),
}
"""Each verb with the module that knows it and what it does, in the order of the help."""


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one sentence and exit code 2."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong with the use, and where the help is."""
        self.exit(2, f"{self.prog}: {message}. See {self.prog} --help.\n")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb and return its exit code; never a traceback for what a user did."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    parser = _parser(arguments)
    said = parser.parse_args(arguments)
    if said.verb is None:
        parser.print_help()
        return 2
    output = Output(as_json=getattr(said, "json", False))
    try:
        code: int = said.run(said, output)
    except KeyboardInterrupt:
        output.say("Stopped.")
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except Exception as fault:  # noqa: BLE001 - a user gets a sentence, never a traceback
        return output.fail(fault)
    return code


def _parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
    parser = Parser(
        prog="sage-catalog",
        description="The metadata catalog of the Sage edge-AI sensor network.",
        epilog="Each verb has a help of its own with examples: sage-catalog VERB --help",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="store_true", help="print the version")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", parser_class=Parser)
    # Only the verb that is used is imported: a command starts in a tenth of a second.
    used = next((word for word in arguments if not word.startswith("-")), None)
    if "--version" in arguments and used is None:
        _print_version()
    for verb, (module, summary) in VERBS.items():
        shown = verbs.add_parser(
            verb,
            help=summary,
            description=summary[0].upper() + summary[1:] + ".",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        if verb == used:
            shown.add_argument("--json", action="store_true", help="one JSON document on stdout")
            import_module(f"catalog.cli.{module}").declare(verb, shown)
    return parser


def _print_version() -> NoReturn:
    from importlib.metadata import version

    sys.stdout.write(f"sage-catalog {version('sage-catalog')}\n")
    raise SystemExit(0)
