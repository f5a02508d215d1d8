"""An operator's commands on a deployed stage: `python -m scripts.ops --stage prod COMMAND`.

Credentials and region are those of the AWS command line. An OWNER is the id (a user's `sub`) or the user's email.
"""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any

import boto3
import typer

from scripts import audit
from scripts.deployed import DeployedError, become, run

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False, help=__doc__)
QUEUES = {"drop": "DropQueueUrl", "result": "ResultQueueUrl", "webhook": "WebhookQueueUrl"}
SMOKE_OWNER = "smoke-test"  # an owner like any other, with a quota of its own, and no user who could sign in
UNAUDITED = ("owners", "queues", "smoke", "backups")  # they change nothing that stays
OwnerArgument = Annotated[str, typer.Argument(help="An owner's id, or a user's email.")]
YesOption = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


@app.callback()
def choose(context: typer.Context, stage: Annotated[str, typer.Option(help="dev, prod or local.")] = "dev") -> None:
    """Find the stage's resources; the modules of `lambdas.core` read them when they are imported."""
    context.obj = become(stage)
    command = str(context.invoked_subcommand)
    if (group := context.obj.get("AuditLog")) and command not in UNAUDITED:
        audit.record(group, command, sys.argv[1:], datetime.now(UTC))


@app.command()
def owners() -> None:
    """Everybody who ever came: id, plan, keys, email; and what they used this month."""
    from lambdas.core import clock
    from lambdas.core.owners import quota
    from lambdas.core.storage.tables import OwnerRecord

    month = clock.month_of(clock.now())
    for record in OwnerRecord.scan(OwnerRecord.sk == "OWNER"):
        used = quota.usage(record.owner, month, record.plan)
        state = "  being deleted" if record.deleting_since is not None else ""
        keys = int(record.api_keys or 0)
        typer.echo(
            f"{record.owner}  {record.plan:<8}  {used.used}/{used.limit} analyses, {used.minutes:.1f} min"
            f"  {keys} keys  {record.email or ''}{state}"
        )


@app.command()
def plan(context: typer.Context, owner: OwnerArgument, name: Annotated[str, typer.Argument(help="A plan.")]) -> None:
    """Assign a plan; it counts from the next request on, and API keys are throttled by it. May be repeated."""
    from lambdas.core import clock
    from lambdas.core.owners import plan_changes
    from lambdas.core.owners.quota import PLANS

    if name not in PLANS:
        raise DeployedError(f"there is no plan {name!r}; there are {', '.join(PLANS)}")
    found = _owner(context, owner)
    plan_changes.change(found, name, clock.now())
    typer.echo(f"{found} has plan {name}: {PLANS[name].requests_per_month} analyses a month")


@app.command()
def revoke(key: Annotated[str, typer.Argument(help="An API key's id, or the leaked key itself (vs_...).")]) -> None:
    """Make an API key useless at once: for one that leaked."""
    from lambdas.core import clock
    from lambdas.core.owners import api_keys
    from lambdas.core.owners import audit as audit_log
    from lambdas.core.storage import item_keys
    from lambdas.core.storage.tables import KeyRecord

    identifier = key.split("_")[1] if key.startswith("vs_") and key.count("_") >= 2 else key
    try:
        record = KeyRecord.get(*item_keys.api_key(identifier), consistent_read=True)
    except KeyRecord.DoesNotExist:
        raise DeployedError(f"there is no API key with the id {identifier!r}") from None
    api_keys.remove(record, clock.now(), audit_log.OPERATOR)
    typer.echo(f"revoked key {identifier} ({record.name!r}) of {record.owner}")


@app.command()
def smoke(context: typer.Context) -> None:
    """Analyze the sample through the product, by an API key that is made for it and revoked again."""
    from lambdas.core import clock
    from lambdas.core.owners import api_keys
    from scripts.smoke import smoke

    key = api_keys.create(SMOKE_OWNER, "smoke", clock.now())
    try:
        works = smoke(context.obj["SiteUrl"], key.token)
    finally:
        api_keys.remove(key.record, clock.now())
    if not works:
        raise typer.Exit(1)


@app.command()
def sign_out(context: typer.Context, owner: OwnerArgument) -> None:
    """End all sessions of a user, on all devices."""
    from lambdas.core import clock
    from lambdas.core.owners import audit as audit_log
    from lambdas.core.owners import sessions

    found = _owner(context, owner)
    sessions.end_all(found, clock.now(), audit_log.OPERATOR)
    typer.echo(f"{found} must sign in again everywhere; API keys go on working")


@app.command()
def delete(context: typer.Context, owner: OwnerArgument, yes: YesOption = False) -> None:
    """Delete an account with everything in it: user, keys, videos, results. Cannot be undone."""
    from lambdas.core import clock
    from lambdas.core.owners import profiles as profiles

    found = _owner(context, owner)
    if not yes:
        typer.confirm(f"Delete {found} with all videos and results, for ever?", abort=True)
    profiles.delete_account(found, clock.now())
    typer.echo(f"{found} can do nothing new from now on; the sweeper removes the rest, usually within minutes")


@app.command()
def queues(context: typer.Context) -> None:
    """How much waits in each queue, and in its dead letters."""
    for name, output in QUEUES.items():
        url = context.obj[output]
        typer.echo(f"{name:<8} {_count(url)} waiting, {_count(_dead_letters(url))} dead")


@app.command()
def redrive(
    context: typer.Context,
    queue: Annotated[str, typer.Argument(help=f"One of {', '.join(QUEUES)}.")],
    limit: Annotated[int, typer.Option(min=1, help="Messages at most.")] = 1000,
) -> None:
    """Put dead letters back into their queue, once their cause is mended. Every handler takes repeats."""
    if queue not in QUEUES:
        raise DeployedError(f"there is no queue {queue!r}; there are {', '.join(QUEUES)}")
    url = context.obj[QUEUES[queue]]
    dead = _dead_letters(url)
    sqs = boto3.client("sqs")
    moved = 0
    for message in _messages(sqs, dead, limit):
        sqs.send_message(QueueUrl=url, MessageBody=message["Body"])  # first: twice is better than never
        sqs.delete_message(QueueUrl=dead, ReceiptHandle=message["ReceiptHandle"])
        moved += 1
    typer.echo(f"moved {moved} messages; {_count(dead)} are left")


@app.command()
def backups(context: typer.Context) -> None:
    """Recovery points of the stage's vault, the newest first."""
    from scripts.vault import points

    for point in points(context.obj):
        typer.echo(f"{point.created:%Y-%m-%d %H:%M}  {point.kind:<8}  {point.status:<9}  {point.source}  {point.arn}")


@app.command()
def recover(
    context: typer.Context, point: Annotated[str, typer.Argument(help="A recovery point's ARN, as `backups` lists.")]
) -> None:
    """Have AWS Backup restore a recovery point into a new table or bucket, for `restore`."""
    from scripts.vault import recover

    name = recover(context.obj, point, datetime.now(UTC), typer.echo)
    typer.echo(f"restored into {name}; next: restore {name}")


@app.command()
def restore(
    context: typer.Context,
    source: Annotated[str, typer.Argument(help="A table or bucket that AWS restored (docs/operations.md).")],
    write: Annotated[str, typer.Option(help="`missing` or `all`; without it nothing is written.")] = "nothing",
) -> None:
    """Compare a restored table or bucket with the stage's own, and write back what is missing, or of records all."""
    from scripts import restoring_objects
    from scripts.restoring import KINDS, NOTHING, WRITES, WRITTEN, restore

    if write not in WRITES:
        raise DeployedError(f"--write is one of {', '.join(WRITES)}, not {write!r}")
    if restoring_objects.is_bucket(source):
        objects = restoring_objects.restore(source, write=write != NOTHING, say=typer.echo)
        done = {restoring_objects.MISSING: " (copied)"} if write != NOTHING else {}
        typer.echo(", ".join(f"{objects[kind]} {kind}{done.get(kind, '')}" for kind in restoring_objects.KINDS))
        return
    found = restore(source, context.obj["TableName"], write, typer.echo)
    typer.echo(
        ", ".join(f"{found[kind]} {kind}" + (" (written)" if kind in WRITTEN[write] else "") for kind in KINDS)
        + "; what ended since, and uploads in passing, are never written"
    )


def _messages(sqs: Any, url: str, limit: int) -> Iterator[dict[str, Any]]:
    for _ in range(limit):
        found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=1, WaitTimeSeconds=1).get("Messages", [])
        if not found:
            return
        yield found[0]


def _dead_letters(url: str) -> str:
    """The URL of a queue's dead-letter queue."""
    import json

    sqs = boto3.client("sqs")
    policy = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"])["Attributes"]["RedrivePolicy"]
    name = json.loads(policy)["deadLetterTargetArn"].rpartition(":")[2]
    return str(sqs.get_queue_url(QueueName=name)["QueueUrl"])


def _count(url: str) -> int:
    name = "ApproximateNumberOfMessages"
    return int(boto3.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"][name])


def _owner(context: typer.Context, given: str) -> str:
    """An owner's id. Raises DeployedError for an email that no user has, and for what can be no id."""
    from lambdas.core.storage.object_keys import is_owner

    if "@" not in given:
        if not is_owner(given):
            raise DeployedError(f"{given!r} is neither an owner's id nor an email")
        return given
    quoted = given.replace("\\", "\\\\").replace('"', '\\"')
    pool = context.obj["UserPoolId"]
    users = boto3.client("cognito-idp").list_users(UserPoolId=pool, Filter=f'email = "{quoted}"')["Users"]
    if not users:
        raise DeployedError(f"no user has the email {given}")
    return str(next(a["Value"] for a in users[0]["Attributes"] if a["Name"] == "sub"))


if __name__ == "__main__":
    run(app)
