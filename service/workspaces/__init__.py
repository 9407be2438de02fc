"""Making a workspace, filling it for a demonstration, and removing what nothing refers to."""

from service.workspaces.demo import approve_and_issue, prepare
from service.workspaces.removing import remove_geography, remove_publication
from service.workspaces.setup import make_simulated_workspace, make_workspace

__all__ = [
    "approve_and_issue",
    "make_simulated_workspace",
    "make_workspace",
    "prepare",
    "remove_geography",
    "remove_publication",
]
