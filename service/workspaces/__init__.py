"""Making a workspace, filling it for a demonstration, and removing what nothing refers to."""
