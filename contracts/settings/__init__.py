"""What can be set in ``wardcast.toml``, checked where it is read."""
