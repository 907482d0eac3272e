"""The sandbox registrar: DataCite's REST API, doi.org and the handle system, for trying out."""

from catalog.sandbox.admin import Admin
from catalog.sandbox.repositories import DEFAULT, Repository
from catalog.sandbox.server import Running, running

__all__ = ["DEFAULT", "Admin", "Repository", "Running", "running"]
