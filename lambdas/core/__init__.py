"""Domain code that all Lambdas share, by domain. It imports no handler."""
