// Written by scripts/tokens.py from the Python sources; do not edit.
export const ANALYSIS_DAYS = {"free": 90, "pro": 365, "business": 730} as const;
export const AUDIT_LOG_DAYS = 90 as const;
export const OLD_VERSION_DAYS = 30 as const;
export const BACKUP_DAYS = 35 as const;
export const TOMBSTONE_DAYS = 40 as const;
export const ACCESS_LOG_DAYS = 365 as const;
export const UNDO_MINUTES = 10 as const;
export const UPLOAD_HOURS = 24 as const;
