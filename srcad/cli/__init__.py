"""The `srcad` command."""

from __future__ import annotations

__all__ = ["main"]


def main() -> None:
    """Run the command; click is imported here, so that `import srcad` stays fast."""
    from srcad.cli.commands import command

    command(prog_name="srcad")
