"""``wardcast ledger``: check, seal and list the record of approvals and issued forecasts."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from contracts import Workspace
from service.commands.options import json_option, workspace_option
from service.commands.terminal import Form, format_option, say, show_csv

if TYPE_CHECKING:
    from service.ledger import Entry


@click.group()
def command() -> None:
    """Check, seal and list the record of approvals and issued forecasts."""


@command.command()
@click.option(
    "--head",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A head that 'wardcast ledger head' wrote and that was kept elsewhere.",
)
@workspace_option
@json_option
def verify(head: Path | None, workspace: Workspace, as_json: bool) -> None:
    """Check chain, signatures, head and forecast files; ends with an error that names the first changed entry."""
    from service.ledger import open_ledger, refuse_findings
    from service.proof import verify_record

    verification = verify_record(workspace, open_ledger(workspace), head)
    if as_json:
        click.echo(json.dumps(asdict(verification), indent=2))
    for note in verification.notes:
        click.echo(note, err=True)
    refuse_findings(verification)
    if not as_json:
        say(
            f"{verification.entries} entries, every hash, link, signature and forecast file as recorded. "
            f"Head: {verification.head}"
        )


@command.command(name="head")
@click.option(
    "--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="The file to write, a new one."
)
@workspace_option
def export(out: Path, workspace: Workspace) -> None:
    """Write the signed head to a file, to be kept where nobody who can write the workspace can change it."""
    from service.ledger import open_ledger
    from service.proof import export_head

    head = export_head(workspace, open_ledger(workspace), out)
    say(f"Wrote the head of entry {head.number}, {head.hash}, to {out}.")
    click.echo(
        f"Keep it elsewhere; 'wardcast ledger verify --head {out}' then tells any change up to this entry.", err=True
    )


@command.command(name="rotate-key")
@click.option("--by", required=True, help="Name of the person who replaces the key.")
@click.option("--reason", required=True, help="Why; it is kept in the ledger.")
@workspace_option
def rotate_key(by: str, reason: str, workspace: Workspace) -> None:
    """Replace the key that signs the ledger; an entry signed by the old key introduces the new one."""
    from service.ledger import open_ledger

    entry = open_ledger(workspace).rotate_key(by, reason)
    say(f"Entry {entry.number} introduces the key {entry.content['public_key']}, which signs from now on.")


@command.command(name="accept-loss")
@click.option("--by", required=True, help="Name of the person who accepts the loss.")
@click.option("--reason", required=True, help="What happened; it is kept in the ledger.")
@workspace_option
def accept_loss(by: str, reason: str, workspace: Workspace) -> None:
    """Go on after entries were lost for good from the end of the ledger; the loss becomes an entry."""
    from service.ledger import open_ledger

    entry = open_ledger(workspace).accept_loss(by, reason)
    lost = entry.content["lost_head"]
    say(f"Entry {entry.number} records that the ledger lost its end, up to entry {lost['number']}.")


@command.command(name="set-aside")
@click.option("--by", required=True, help="Name of the person who sets the rows aside.")
@click.option("--reason", required=True, help="What they are; it is kept in the ledger.")
@workspace_option
def set_aside(by: str, reason: str, workspace: Workspace) -> None:
    """Go on after somebody without the key put rows into the database; a signed entry names each of them."""
    from service.ledger import open_ledger

    entry = open_ledger(workspace).set_aside(by, reason)
    rows = ", ".join(str(one["number"]) for one in entry.content["set_aside"])
    say(f"Entry {entry.number} sets aside what is no continuation of the ledger: row {rows}.")


@command.command(name="list")
@workspace_option
@format_option
def list_entries(workspace: Workspace, form: Form) -> None:
    """Print every row in order; one that is no sound entry is marked."""
    from service.ledger import open_ledger

    ledger = open_ledger(workspace)
    rows, (entries, verification) = ledger.rows(), ledger.check()
    unsound = {row.number: "set aside" for row in rows if row not in entries}
    unsound |= {finding.number: finding.problem for finding in verification.findings}
    if form != "text":
        listed = [{**asdict(row), "payload": _payload(row), "unsound": unsound.get(row.number)} for row in rows]
        if form == "csv":
            show_csv(listed)
        else:
            click.echo(json.dumps(listed, indent=2))
        return
    for row in rows:
        about = f"NOT SOUND: {unsound[row.number]}" if row.number in unsound else f"{_about(row)}  by {row.actor}"
        say(f"{row.number:>5}  {row.recorded_at[:19]}Z  {row.kind:<9} {about}")


def _payload(row: Entry) -> object:
    try:
        return row.content
    except ValueError:
        return row.payload


def _about(entry: Entry) -> str:
    content = entry.content
    if "public_key" in content:
        return f"{content['public_key'][:16]}…"
    if "lost_head" in content:
        return f"of entry {content['lost_head']['number']}"
    if "set_aside" in content:
        return f"of {len(content['set_aside'])} row(s)"
    return content.get("forecast_id") or f"{content['target']} version {content['version']}"
