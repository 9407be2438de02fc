"""The oversight audits: whom a forecast exposes, whom it leaves unprotected, and how sure that is."""
