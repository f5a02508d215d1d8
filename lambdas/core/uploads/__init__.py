"""Uploads to S3 by presigned URL, in one request or in parts, and the checks of what was uploaded."""
