"""Shared AWS infrastructure: boto3 clients, logs, metrics and traces."""
