"""Who may decide on models, when, and what stands since."""
