"""The command line: `python -m assistant VERB`; the only importer of typer and rich.

Human output by default; `--json` prints JSON lines and nothing else on standard output. Progress and
warnings go to standard error. Exit 0 done, 1 some inputs failed (each named), 2 usage or settings.
"""

from assistant.cli.verbs import main

__all__ = ["main"]
