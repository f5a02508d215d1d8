"""Training jobs on SageMaker and what comes after them."""
