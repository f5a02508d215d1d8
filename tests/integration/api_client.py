"""A caller of the API: API Gateway's events in, the Lambda's own answers out, nothing between."""

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
class Answer:
    """`headers` in lower case."""

    status: int
    headers: dict[str, str]
    text: str

    def json(self) -> Any:
        return json.loads(self.text)


@dataclass
class Caller:
    """Somebody at one of the doors; `event` is what the gateway adds of their credentials."""

    door: str
    headers: dict[str, str] = field(default_factory=dict)
    claims: dict[str, str] | None = None

    def get(self, path: str, **more: Any) -> Answer:
        return self.ask("GET", path, **more)

    def post(self, path: str, document: Any = None, **more: Any) -> Answer:
        return self.ask("POST", path, document, **more)

    def put(self, path: str, document: Any = None, **more: Any) -> Answer:
        return self.ask("PUT", path, document, **more)

    def delete(self, path: str, **more: Any) -> Answer:
        return self.ask("DELETE", path, **more)

    def ask(
        self,
        method: str,
        path: str,
        document: Any = None,
        *,
        body: str | None = None,
        headers: dict[str, str] | None = None,
        query: dict[str, str] | None = None,
    ) -> Answer:
        """`document` is sent as JSON; `body` as it is."""
        text = json.dumps(document) if document is not None else body
        sent = {**(JSON if document is not None else {}), **self.headers, **(headers or {})}
        return call(proxy_event(method, f"{self.door}{path}", text, sent, query or {}, self.claims))


def call(event: dict[str, Any]) -> Answer:
    answer = handler(event, Context())
    assert not answer["isBase64Encoded"], "every answer is text"
    headers = {name.lower(): value for name, value in answer["headers"].items()}
    assert not answer["multiValueHeaders"]
    return Answer(answer["statusCode"], headers, answer["body"])


def by_key(cloud: Cloud, owner: str, **options: Any) -> Caller:
    """A program with an API key of an owner. `options`: of the key."""
    token = api_keys.create(owner, "test", cloud.now, **options).token
    return Caller("/api", {"Authorization": f"Bearer {token}", "x-api-key": token.split("_")[1]})


def by_session(owner: str, **claims: str) -> Caller:
    """A user in the web app; the gateway has checked their ID token. `claims`: more of it."""
    return Caller("/app", claims={"sub": owner, "token_use": "id", "email": f"{owner}@example.com", **claims})


def proxy_event(
    method: str,
    path: str,
    body: str | None,
    headers: dict[str, str],
    query: dict[str, str],
    claims: dict[str, str] | None,
) -> dict[str, Any]:
    """A request as API Gateway's proxy integration hands it to a Lambda."""
    door = path.split("/")[1]
    context: dict[str, Any] = {
        "resourcePath": f"/{door}/{{proxy+}}",
        "httpMethod": method,
        "requestId": str(uuid.uuid4()),
        "stage": "live",
        "identity": {"sourceIp": "203.0.113.7", "userAgent": "test"},
    }
    if claims is not None:
        context["authorizer"] = {"claims": claims}
    return {
        "resource": f"/{door}/{{proxy+}}",
        "path": path,
        "httpMethod": method,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": query or None,
        "multiValueQueryStringParameters": {name: [value] for name, value in query.items()} or None,
        "pathParameters": {"proxy": path.partition(f"/{door}/")[2]},
        "stageVariables": None,
        "requestContext": context,
        "body": body,
        "isBase64Encoded": False,
    }
