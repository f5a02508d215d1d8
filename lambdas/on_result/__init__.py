"""Lambda that ingests the results and failures that SageMaker reports."""
