"""HTTP API: FastAPI routes over `lambdas.core`. The Lambda handler is `lambdas.api.app.handler`."""
