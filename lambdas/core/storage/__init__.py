"""Persistence: the DynamoDB table, its transactions and keys, and the objects in S3."""
