"""Items in the formats of others: one format a file, each a pure function of what is exported."""
