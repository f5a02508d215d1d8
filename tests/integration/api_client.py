"""Client of the API that calls the Lambda's handler directly with events of API Gateway."""

import json
import uuid
from dataclasses import dataclass, field
from typing import Any

from lambdas.api.app import handler
from lambdas.core.owners import api_keys
from tests.integration.cloud import Cloud, Context

JSON = {"Content-Type": "application/json"}
PROBLEM = "application/problem+json"


@dataclass
class Response:
    """Response of the API. Names of headers are in lower case."""

    status: int
    headers: dict[str, str]
    text: str

    def json(self) -> Any:
        return json.loads(self.text)


@dataclass
class Caller:
    """Caller at an entry point. `claims`: of the session's token, as the gateway adds them to the event."""

    entry_point: str
    headers: dict[str, str] = field(default_factory=dict)
    claims: dict[str, str] | None = None

    def get(self, path: str, **more: Any) -> Response:
        return self.request("GET", path, **more)

    def post(self, path: str, document: Any = None, **more: Any) -> Response:
        return self.request("POST", path, document, **more)

    def put(self, path: str, document: Any = None, **more: Any) -> Response:
        return self.request("PUT", path, document, **more)

    def delete(self, path: str, **more: Any) -> Response:
        return self.request("DELETE", path, **more)

    def request(
        self,
        method: str,
        path: str,
        document: Any = None,
        *,
        body: str | None = None,
        headers: dict[str, str] | None = None,
        query: dict[str, str] | None = None,
    ) -> Response:
        """Send a request. `document` is sent as JSON, `body` unchanged."""
        text = json.dumps(document) if document is not None else body
        sent = {**(JSON if document is not None else {}), **self.headers, **(headers or {})}
        return call(proxy_event(method, f"{self.entry_point}{path}", text, sent, query or {}, self.claims))


def call(event: dict[str, Any]) -> Response:
    response = handler(event, Context())
    assert not response["isBase64Encoded"], "every response is text"
    headers = {name.lower(): value for name, value in response["headers"].items()}
    assert not response["multiValueHeaders"]
    return Response(response["statusCode"], headers, response["body"])


def by_key(cloud: Cloud, owner: str, **options: Any) -> Caller:
    """Return a caller with a new API key of an owner. `options`: of `api_keys.create`."""
    token = api_keys.create(owner, "test", cloud.now, **options).token
    return Caller("/api", {"Authorization": f"Bearer {token}", "x-api-key": token.split("_")[1]})


def by_session(owner: str, **claims: str) -> Caller:
    """Return a user of the web app, whose ID token the gateway has verified. `claims`: additional claims."""
    return Caller("/app", claims={"sub": owner, "token_use": "id", "email": f"{owner}@example.com", **claims})


def proxy_event(
    method: str,
    path: str,
    body: str | None,
    headers: dict[str, str],
    query: dict[str, str],
    claims: dict[str, str] | None,
) -> dict[str, Any]:
    """Return a request in the format of API Gateway's Lambda proxy integration."""
    entry_point = path.split("/")[1]
    context: dict[str, Any] = {
        "resourcePath": f"/{entry_point}/{{proxy+}}",
        "httpMethod": method,
        "requestId": str(uuid.uuid4()),
        "stage": "live",
        "identity": {"sourceIp": "203.0.113.7", "userAgent": "test"},
    }
    if claims is not None:
        context["authorizer"] = {"claims": claims}
    return {
        "resource": f"/{entry_point}/{{proxy+}}",
        "path": path,
        "httpMethod": method,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": query or None,
        "multiValueQueryStringParameters": {name: [value] for name, value in query.items()} or None,
        "pathParameters": {"proxy": path.partition(f"/{entry_point}/")[2]},
        "stageVariables": None,
        "requestContext": context,
        "body": body,
        "isBase64Encoded": False,
    }
