"""When in the week crime happens and where it is repeated, from single incidents."""
