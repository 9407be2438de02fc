"""What a bundle says of itself to whoever opens it."""

from __future__ import annotations

from service.proof.provenance import Provenance, as_text

README_FILE = "README.txt"

_TEXT = """\
One crime forecast, and everything it was made from
===================================================

This bundle lets you check the forecast {forecast_id} without trusting whoever gave it to you, and make it again
on your own machine.

What is in it
  forecast/       the forecast as it was issued, the settings it was made with and the record of its models
  publications/   the counts that were known, one folder for each file as it was published
  geographies/    the areas: names, boundaries and neighbours
  models/         the model of each target, as text and JSON
  superseded/     the model before it, where there was one: its forecasts are issued beside, for comparison only
  reports/        the report that was read before each model was approved
  ledger.json     the chain of the ledger; the content of entries that are not about this forecast is left out,
                  their hashes are not
  bundle.json     the hash of every file here

How to make it again
  1. Get the code at the commit named below, and install it as its README says.
  2. In any folder: wardcast rebuild {forecast_id} --bundle THIS_FILE.zip
     It says "identical", or which file and which value differ. Other versions of the libraries than those
     named below can change the bytes of a file and not its values; the answer says so.

How to check the ledger
  Each entry carries the hash of the one before it. If the newest hash, the head,
      {head}
  is also what the service's owner published or told you another way, nothing before it was changed.

What is behind it
-----------------
{told}

A forecast is about places and counts of recorded crime. It says nothing about any person.
"""


def readme(told: Provenance, head: str) -> bytes:
    """``README.txt`` in plain words."""
    return _TEXT.format(forecast_id=told.forecast_id, head=head, told=as_text(told)).encode("utf-8")
