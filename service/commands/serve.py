"""``wardcast serve``: the API and the page, on this machine only."""

from __future__ import annotations

import click

from contracts import Workspace
from service.commands.options import workspace_option


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="A loopback address: there is no sign-in yet.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one.")
@workspace_option
def command(host: str, port: int, workspace: Workspace) -> None:
    """Serve the API and the page to this machine until Ctrl-C."""
    from service.web.serving import bind_loopback, serve

    listener = bind_loopback(host, port)
    serve(workspace, listener, tell=lambda sentence: click.echo(sentence, err=True))
