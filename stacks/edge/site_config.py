"""Content of /config.json, the web app's runtime configuration, without secrets. Independent of CDK."""


def site_config(
    *, stage: str, region: str, user_pool_id: str, user_pool_client_id: str, user_pool_endpoint: str | None = None
) -> dict[str, str]:
    """Return the configuration.

    `user_pool_endpoint`: path of the page's own origin that stands in for Cognito; None for Amazon's own endpoint.
    """
    config = {
        "stage": stage,
        "region": region,
        "userPoolId": user_pool_id,
        "userPoolClientId": user_pool_client_id,
    }
    return config if user_pool_endpoint is None else config | {"userPoolEndpoint": user_pool_endpoint}
