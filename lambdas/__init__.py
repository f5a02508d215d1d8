"""AWS Lambda functions: the HTTP API, the event handlers, and `core`, the domain code that they share."""
