"""What is put together into suggestions: names of concepts, literals, examples, and texts."""
