"""What the contract tests share: the servers, and the object stores over them."""

from tests.servers import chromium, minio, weed

__all__ = ["chromium", "minio", "weed"]
