"""Writing the champions' forecasts into the ledger."""

from service.issuing.contents import Occasion, issue_contents, open_sources
from service.issuing.inputs import SETTINGS_COPY
from service.issuing.issuing import Issue, issue

__all__ = ["SETTINGS_COPY", "Issue", "Occasion", "issue", "issue_contents", "open_sources"]
