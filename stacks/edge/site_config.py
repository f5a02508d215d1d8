"""Content of /config.json, by which the page finds its services. Imports nothing of CDK; nothing in it is secret."""


def site_config(
    *, stage: str, region: str, user_pool_id: str, user_pool_client_id: str, user_pool_endpoint: str | None = None
) -> dict[str, str]:
    """`user_pool_endpoint`: a path of the page's own origin, where Cognito is not Amazon's own."""
    known = {
        "stage": stage,
        "region": region,
        "userPoolId": user_pool_id,
        "userPoolClientId": user_pool_client_id,
    }
    return known if user_pool_endpoint is None else known | {"userPoolEndpoint": user_pool_endpoint}
