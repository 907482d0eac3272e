"""Proposals for the vocabularies: what may be proposed, and the patch that it becomes."""
