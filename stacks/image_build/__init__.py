"""Lambda of the custom resource that builds the engine's image."""
