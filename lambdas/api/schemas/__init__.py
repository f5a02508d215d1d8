"""Schemas of requests and responses. The envelope is in camelCase; an Analysis has the contract's own names."""
