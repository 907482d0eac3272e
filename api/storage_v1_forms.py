"""The forms in which Sage's storage API tells of buckets, grants and files, member by member."""

from datetime import UTC, datetime
from typing import Any

from catalog.domain.buckets import Bucket, Grant
from catalog.services.buckets_list import Key, Listing


def bucket_json(bucket: Bucket) -> dict[str, Any]:
    """Return a bucket."""
    times = {
        "time_created": _moment(bucket.created),
        "time_last_updated": _moment(bucket.updated),
    }
    return line_json(bucket) | times


def line_json(bucket: Bucket) -> dict[str, Any]:
    """Return a bucket as it stands in the list of buckets."""
    said = {
        "id": bucket.id,
        "name": bucket.name,
        "owner": bucket.owner,
        "type": bucket.type,
    }
    return {name: value for name, value in said.items() if value}


def grant_json(grant: Grant) -> dict[str, Any]:
    """Return who may do what."""
    said = {
        "granteeType": grant.grantee_type,
        "grantee": grant.grantee,
        "permission": grant.permission,
    }
    return {name: value for name, value in said.items() if value}


def listing_json(
    listing: Listing, bucket: str, *, recursive: bool, most: int, after: str
) -> dict[str, Any]:
    """Return a page of a folder as S3's ListObjectsV2 has it in Go, every member there.

    bucket  the id as the caller wrote it
    most    how many files and folders were asked for
    after   the token by which the page was asked for, "" for the first page
    """
    return {
        "CommonPrefixes": [{"Prefix": folder} for folder in listing.folders] or None,
        "Contents": [_key_json(key) for key in listing.keys] or None,
        "ContinuationToken": after or None,
        "Delimiter": None if recursive else "/",
        "EncodingType": None,
        "IsTruncated": listing.next is not None,
        "KeyCount": len(listing.keys) + len(listing.folders),
        "MaxKeys": most,
        "Name": bucket,
        "NextContinuationToken": listing.next,
        "Prefix": None,
        "StartAfter": None,
    }


def _key_json(key: Key) -> dict[str, Any]:
    return {
        "ETag": f'"{key.etag}"',
        "Key": key.name,
        "LastModified": _moment(key.modified),
        "Owner": None,
        "Size": key.size_bytes,
        "StorageClass": "STANDARD",
    }


def _moment(at: datetime) -> str:
    """Return a time as Go writes it: to the millisecond, without zeros at its end."""
    text = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    thousandths = f"{at.microsecond // 1000:03}".rstrip("0")
    return f"{text}.{thousandths}Z" if thousandths else f"{text}Z"
