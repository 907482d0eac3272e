"""Moving the bytes of files to a catalog and back, over HTTP alone: whole, in parts, and again."""
