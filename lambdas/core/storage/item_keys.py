"""Primary keys of the table's items, and the sort keys of its indexes.

ANALYSIS#{id}               ANALYSIS         analysis, from the request until its tombstone expires
OWNER#{owner}               OWNER            profile: plan, webhook, deletion
OWNER#{owner}               QUOTA#{month}    usage of a calendar month
OWNER#{owner}               PLAN             change of plan that is being applied to the API keys
OWNER#{owner}               UPLOADS          number of pending uploads
OWNER#{owner}               AUDIT#{time}#{id}  event of the audit log
OWNER#{owner}               SLOTS            requests that the endpoint may be working on
OWNER#{owner}               WAITING#{time}#{inference id}  attempt that is waiting for a slot
OWNER#{owner}               DELIVERIES       webhook deliveries in progress, and failing destinations
OWNER#{owner}               DELIVERY#{id}    attempt to deliver a webhook event, listed by time
OWNER#{owner}               REQUESTS#{limit}#{window}  requests of a user in a rate limit's window
UPLOAD#{owner}#{file id}    UPLOAD           pending upload
KEY#{key id}                KEY              API key
SHARE#{share id}            SHARE            link to one analysis
STAGE                       QUOTA#{month}    analyses that all owners together started in a calendar month
"""

import zlib

from common import table

ANALYSIS_PREFIX, DELETED_PREFIX, KEY_PREFIX = "ANALYSIS#", "DELETED#", "KEY#"
QUOTA_PREFIX, UPLOAD_PREFIX, AUDIT_PREFIX = "QUOTA#", "UPLOAD#", "AUDIT#"
WAITING_PREFIX, SHARE_PREFIX, DELIVERY_PREFIX = "WAITING#", "SHARE#", "DELIVERY#"
DUE_SHARDS = 8


def analysis(analysis_id: str) -> tuple[str, str]:
    """Return the key of an analysis."""
    return f"{ANALYSIS_PREFIX}{analysis_id}", table.ANALYSIS


def owner(owner: str) -> tuple[str, str]:
    """Return the key of an owner's profile."""
    return f"OWNER#{owner}", table.PROFILE


def quota(owner: str, month: str) -> tuple[str, str]:
    """Return the key of an owner's usage in a month such as `2026-11`."""
    return f"OWNER#{owner}", f"{QUOTA_PREFIX}{month}"


def stage_quota(month: str) -> tuple[str, str]:
    """Return the key of all owners' usage in a month such as `2026-11`."""
    return "STAGE", f"{QUOTA_PREFIX}{month}"


def plan_change(owner: str) -> tuple[str, str]:
    """Return the key of an owner's change of plan."""
    return f"OWNER#{owner}", table.PLAN


def audit(owner: str, at: str, event_id: str) -> tuple[str, str]:
    """Return the key of an audit event."""
    return f"OWNER#{owner}", f"{AUDIT_PREFIX}{at}#{event_id}"


def uploads(owner: str) -> tuple[str, str]:
    """Return the key of an owner's number of pending uploads."""
    return f"OWNER#{owner}", "UPLOADS"


def slots(owner: str) -> tuple[str, str]:
    """Return the key of an owner's slots."""
    return f"OWNER#{owner}", table.SLOTS


def waiting(owner: str, queued_at: str, inference_id: str) -> tuple[str, str]:
    """Return the key of a waiting attempt; an owner's are sorted by the time at which they were queued."""
    return f"OWNER#{owner}", f"{WAITING_PREFIX}{queued_at}#{inference_id}"


def requests(owner: str, limit: str, window: int) -> tuple[str, str]:
    """Return the key of a user's requests in the window that starts at `window`, in epoch seconds."""
    return f"OWNER#{owner}", f"REQUESTS#{limit}#{window}"


def deliveries(owner: str) -> tuple[str, str]:
    """Return the key of an owner's webhook deliveries."""
    return f"OWNER#{owner}", "DELIVERIES"


def delivery(owner: str, delivery_id: str) -> tuple[str, str]:
    """Return the key of an entry of an owner's delivery log."""
    return f"OWNER#{owner}", f"{DELIVERY_PREFIX}{delivery_id}"


def upload(owner: str, file_id: str) -> tuple[str, str]:
    """Return the key of a pending upload."""
    return f"{UPLOAD_PREFIX}{owner}#{file_id}", table.UPLOAD


def api_key(key_id: str) -> tuple[str, str]:
    """Return the key of an API key's record."""
    return f"{KEY_PREFIX}{key_id}", table.KEY


def share(share_id: str) -> tuple[str, str]:
    """Return the key of a link to an analysis."""
    return f"{SHARE_PREFIX}{share_id}", table.SHARE


def analysis_listing(created_at: str, analysis_id: str, *, deleted: bool = False) -> str:
    """Return `listed` of an analysis, which sorts an owner's analyses by time, deleted ones separately."""
    return f"{DELETED_PREFIX if deleted else ANALYSIS_PREFIX}{created_at}#{analysis_id}"


def api_key_listing(created_at: str, key_id: str) -> str:
    """Return `listed` of an API key."""
    return f"{KEY_PREFIX}{created_at}#{key_id}"


def upload_listing(created_at: str, file_id: str) -> str:
    """Return `listed` of a pending upload."""
    return f"{UPLOAD_PREFIX}{created_at}#{file_id}"


def shares_of(analysis_id: str) -> str:
    """Return the prefix of `listed` of all links to an analysis."""
    return f"{SHARE_PREFIX}{analysis_id}#"


def share_listing(analysis_id: str, created_at: str, share_id: str) -> str:
    """Return `listed` of a link, which sorts an analysis's links by time."""
    return f"{shares_of(analysis_id)}{created_at}#{share_id}"


def delivery_listing(at: str, delivery_id: str) -> str:
    """Return `listed` of an entry of the delivery log."""
    return f"{DELIVERY_PREFIX}{at}#{delivery_id}"


def due_shard(pk: str) -> str:
    """Return the partition of `by_due` for an item. Items are spread to avoid a hot partition."""
    return f"DUE#{zlib.crc32(pk.encode()) % DUE_SHARDS}"
