"""Bytes that lie elsewhere: what their addresses mean, what sites say of them, how they drift."""
