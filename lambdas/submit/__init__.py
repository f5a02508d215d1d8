"""Lambda that submits queued analyses to the SageMaker endpoint."""
