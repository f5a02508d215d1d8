"""SageMaker training jobs, model registry and deployment."""
