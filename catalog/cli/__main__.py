"""Run as `python -m catalog.cli`: the same as the command `sage-catalog`."""

from catalog.cli import main

raise SystemExit(main())
