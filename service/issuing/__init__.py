"""Writing the champions' forecasts into the ledger."""
