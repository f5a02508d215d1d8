"""Keys of the table's items, and what the indexes sort them by.

ANALYSIS#{id}               ANALYSIS         an analysis, from the request until its tombstone expires
OWNER#{owner}               OWNER            profile: plan, webhook, deletion
OWNER#{owner}               QUOTA#{month}    what was used in a calendar month
OWNER#{owner}               PLAN             a change of plan that the API keys follow
OWNER#{owner}               UPLOADS          how many uploads wait for their analysis
OWNER#{owner}               AUDIT#{time}#{id}  an event of the audit log
OWNER#{owner}               SLOTS            requests that the endpoint may be working on
OWNER#{owner}               WAITING#{time}#{inference id}  an attempt that waits for a slot
OWNER#{owner}               DELIVERIES       events that are being delivered, and destinations that fail
OWNER#{owner}               REQUESTS#{limit}#{window}  requests of a user in a window of time
UPLOAD#{owner}#{file id}    UPLOAD           one of those
KEY#{key id}                KEY              an API key
STAGE                       QUOTA#{month}    what all owners together started in a calendar month
"""

import zlib

from common import table

ANALYSIS_PREFIX, DELETED_PREFIX, KEY_PREFIX = "ANALYSIS#", "DELETED#", "KEY#"
QUOTA_PREFIX, UPLOAD_PREFIX, AUDIT_PREFIX = "QUOTA#", "UPLOAD#", "AUDIT#"
WAITING_PREFIX = "WAITING#"
DUE_SHARDS = 8


def analysis(analysis_id: str) -> tuple[str, str]:
    return f"{ANALYSIS_PREFIX}{analysis_id}", table.ANALYSIS


def owner(owner: str) -> tuple[str, str]:
    return f"OWNER#{owner}", "OWNER"


def quota(owner: str, month: str) -> tuple[str, str]:
    return f"OWNER#{owner}", f"{QUOTA_PREFIX}{month}"


def stage_quota(month: str) -> tuple[str, str]:
    return "STAGE", f"{QUOTA_PREFIX}{month}"


def plan_change(owner: str) -> tuple[str, str]:
    return f"OWNER#{owner}", table.PLAN


def audit(owner: str, at: str, event_id: str) -> tuple[str, str]:
    return f"OWNER#{owner}", f"{AUDIT_PREFIX}{at}#{event_id}"


def uploads(owner: str) -> tuple[str, str]:
    return f"OWNER#{owner}", "UPLOADS"


def slots(owner: str) -> tuple[str, str]:
    return f"OWNER#{owner}", table.SLOTS


def waiting(owner: str, queued_at: str, inference_id: str) -> tuple[str, str]:
    """Sorts the waiting attempts of an owner by the time at which they were queued."""
    return f"OWNER#{owner}", f"{WAITING_PREFIX}{queued_at}#{inference_id}"


def requests(owner: str, limit: str, window: int) -> tuple[str, str]:
    return f"OWNER#{owner}", f"REQUESTS#{limit}#{window}"


def deliveries(owner: str) -> tuple[str, str]:
    return f"OWNER#{owner}", "DELIVERIES"


def upload(owner: str, file_id: str) -> tuple[str, str]:
    return f"{UPLOAD_PREFIX}{owner}#{file_id}", "UPLOAD"


def api_key(key_id: str) -> tuple[str, str]:
    return f"{KEY_PREFIX}{key_id}", "KEY"


def analysis_listing(created_at: str, analysis_id: str, *, deleted: bool = False) -> str:
    """`listed` of an analysis: sorts an owner's analyses by time, the deleted ones apart."""
    return f"{DELETED_PREFIX if deleted else ANALYSIS_PREFIX}{created_at}#{analysis_id}"


def api_key_listing(created_at: str, key_id: str) -> str:
    """`listed` of an API key."""
    return f"{KEY_PREFIX}{created_at}#{key_id}"


def upload_listing(created_at: str, file_id: str) -> str:
    """`listed` of a pending upload."""
    return f"{UPLOAD_PREFIX}{created_at}#{file_id}"


def due_shard(pk: str) -> str:
    """Return the partition of `by_due` for an item: items are spread, so that no partition gets hot."""
    return f"DUE#{zlib.crc32(pk.encode()) % DUE_SHARDS}"
