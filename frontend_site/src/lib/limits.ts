// Written by scripts/tokens.py from the Python sources; do not edit.
export const EXTENSIONS = [".avi", ".m4v", ".mkv", ".mov", ".mp4", ".webm"] as const;
export const MAX_UPLOAD_BYTES = 1000000000 as const;
