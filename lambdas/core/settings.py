"""Settings of a deployment for its Lambdas: environment variables, read once per process.

Each field is a variable of the same name in capitals. CDK sets exactly the fields without a default, and those
with one only where a stage differs (`tests/infra` holds the two lists against each other).
"""

from functools import cache

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Times in seconds, sizes in bytes. An empty variable counts as not set."""

    model_config = SettingsConfigDict(env_ignore_empty=True, frozen=True, extra="ignore")

    stage: str
    table_name: str
    media_bucket: str
    results_bucket: str
    endpoint_name: str
    webhook_queue_url: str
    user_pool_id: str
    usage_plan_parameter: str  # of SSM parameters with the usage plans' ids: then a slash and the billing plan
    public_url_parameter: str  # SSM parameter that holds the public base URL, without a slash at its end
    origin_secret: str | None = None  # secret that the edge sends with each request; None: whoever comes may ask

    url_seconds: int = Field(default=900, gt=0)  # how long a presigned URL works
    max_upload_bytes: int = Field(default=10**9, gt=0)  # SageMaker's asynchronous inference takes 1 GB
    # Started in a calendar month by all owners together: sign-up is open to everybody. 0: no ceiling.
    monthly_analyses: int = Field(default=10_000, ge=0)
    max_outstanding_uploads: int = Field(default=50, gt=0)  # of an owner: URLs given out, no analysis yet
    max_api_keys: int = Field(default=20, gt=0)  # of an owner: the gateway holds a limited number per account
    # Of a user in the web app, whose page asks every two seconds for each analysis that runs in its list.
    app_requests_per_minute: int = Field(default=1200, gt=0)
    webhook_tests_per_hour: int = Field(default=30, gt=0)  # of an owner
    wait_seconds: float = Field(default=25.0, ge=0)  # a REST API must answer within 29
    queued_patience: int = Field(default=120, gt=0)  # before the sweeper submits a queued analysis itself
    invocation_seconds: int = Field(default=3600, gt=0, le=3600)  # SageMaker's default is 900
    request_ttl_seconds: int = Field(default=6 * 3600, gt=0, le=6 * 3600)  # in the endpoint's queue
    attempt_seconds: int = Field(default=8 * 3600, gt=0)  # queue and run of an attempt, with an hour to spare
    waiting_seconds: int = Field(default=7 * 86_400, gt=0)  # for a slot, behind other analyses of the same owner
    undo_seconds: int = Field(default=600, ge=0)  # a deleted analysis can be restored
    local_webhooks: bool = False  # http://localhost receives them too: for tests on one machine
    # Must outlive queues' messages, which AWS keeps for 14 days at most, and backups, which are kept for 35: what was
    # deleted would come back from one that is older than its tombstone.
    tombstone_days: int = Field(default=40, ge=36)


@cache
def settings() -> Settings:
    """The settings of this process. Raises pydantic's ValidationError where a variable is missing or wrong."""
    return Settings()  # type: ignore[call-arg, unused-ignore]  # the environment gives the fields
