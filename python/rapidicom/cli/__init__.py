"""The command line: `command_line` has the parser, and each command a file of its name."""

from rapidicom.cli.command_line import main

__all__ = ["main"]
