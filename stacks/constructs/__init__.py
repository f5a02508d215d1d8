"""CDK constructs, one per family of resources."""
