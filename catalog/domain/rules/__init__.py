"""What vocabularies and shapes are held to, and where in a file a rule is broken."""
