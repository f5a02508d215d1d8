"""Model server: analyses over HTTP, as SageMaker requires of a container (`model.serving.app`)."""
