"""The concepts of all vocabularies: how they hang together, how they are found, what changed."""
