"""The HTTP API: routes in `routes/`, each a few lines over `lambdas.core`. Entry: `lambdas.api.app.handler`."""
