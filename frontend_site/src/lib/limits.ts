// Written by scripts/tokens.py from the Python sources; do not edit.
export const EXTENSIONS = [".avi", ".flac", ".m4a", ".m4v", ".mkv", ".mov", ".mp3", ".mp4", ".oga", ".ogg", ".opus", ".wav", ".webm"] as const;
export const MAX_UPLOAD_BYTES = 1000000000 as const;
