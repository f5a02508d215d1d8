"""Schemas of requests and answers. The envelope is in camelCase, as clients know it; an Analysis is the contract's."""
