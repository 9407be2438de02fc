"""What the answers say, made of the tables of an issued forecast."""
