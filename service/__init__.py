"""Issues, serves, shows, and lets a named person approve."""
