"""Rules by which the edge rewrites requests and responses, shared by the distribution and `local/`."""
