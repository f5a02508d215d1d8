"""Settings of the Lambdas: environment variables, read once per process.

Each field is a variable of the same name in capitals. CDK sets every field without a default, and one with a default
only where a stage differs (`tests/infra` compares the two lists).
"""

from functools import cache

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from common import retention


class Settings(BaseSettings):
    """Settings of a deployment. Times are in seconds, sizes in bytes; an empty variable counts as unset."""

    model_config = SettingsConfigDict(env_ignore_empty=True, frozen=True, extra="ignore")

    stage: str
    table_name: str
    media_bucket: str
    results_bucket: str
    endpoint_name: str
    webhook_queue_url: str
    user_pool_id: str
    usage_plan_parameter: str  # prefix of the SSM parameters with the usage plans' ids; `/{billing plan}` is appended
    public_url_parameter: str  # SSM parameter with the public base URL, without a trailing slash
    origin_secret: str | None = None  # Secrets Manager name of the edge's secret; None: requests need none

    url_seconds: int = Field(default=900, gt=0)  # validity of presigned URLs
    max_upload_bytes: int = Field(default=10**9, gt=0)  # limit of SageMaker's asynchronous inference: 1 GB
    # Analyses of all owners together in a calendar month; it bounds the cost, as sign-up is open. 0: no limit.
    monthly_analyses: int = Field(default=10_000, ge=0)
    max_outstanding_uploads: int = Field(default=50, gt=0)  # pending uploads per owner
    max_api_keys: int = Field(default=20, gt=0)  # per owner: API Gateway limits the number per AWS account
    # Per user of the web app, which polls every two seconds for each running analysis in its list.
    app_requests_per_minute: int = Field(default=1200, gt=0)
    max_shares: int = Field(default=20, gt=0)  # links per analysis
    share_reads_per_minute: int = Field(default=120, gt=0)  # per link
    webhook_tests_per_hour: int = Field(default=30, gt=0)  # per owner
    webhook_redeliveries_per_hour: int = Field(default=60, gt=0)  # per owner
    wait_seconds: float = Field(default=25.0, ge=0)  # longest long poll; API Gateway times out after 29
    queued_patience: int = Field(default=120, gt=0)  # until the sweeper submits a queued analysis itself
    invocation_seconds: int = Field(default=3600, gt=0, le=3600)  # SageMaker's default is 900
    request_ttl_seconds: int = Field(default=6 * 3600, gt=0, le=6 * 3600)  # in the endpoint's queue
    attempt_seconds: int = Field(default=8 * 3600, gt=0)  # queue and run of an attempt, with an hour to spare
    waiting_seconds: int = Field(default=7 * 86_400, gt=0)  # for a slot, behind the owner's other analyses
    undo_seconds: int = Field(default=600, ge=0)  # during which a deleted analysis can be restored
    local_webhooks: bool = False  # allow webhooks to http://localhost; stage local only
    # Longer than queue messages (14 days at most) and backups (35 days) are kept. Otherwise, restoring a backup could
    # bring back deleted data whose tombstone has expired.
    tombstone_days: int = Field(default=retention.TOMBSTONES, ge=retention.BACKUPS + 1)


@cache
def settings() -> Settings:
    """Return the settings of this process. Raises pydantic's ValidationError if a variable is missing or invalid."""
    return Settings()  # type: ignore[call-arg, unused-ignore]  # the fields come from the environment
