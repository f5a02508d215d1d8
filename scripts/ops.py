"""Operate a deployed stage: `python -m scripts.ops --stage prod COMMAND`.

Uses the credentials and region of the AWS command line. OWNER is an owner's id (the user's `sub`) or email address.
"""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any

import boto3
import typer

from scripts import audit
from scripts.stage_outputs import DeployedError, configure_core, run

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False, help=__doc__)
QUEUES = {"drop": "DropQueueUrl", "result": "ResultQueueUrl", "webhook": "WebhookQueueUrl"}
SMOKE_OWNER = "smoke-test"  # an ordinary owner with its own quota, but without a user who could sign in
UNAUDITED = ("owners", "queues", "smoke", "backups")  # commands without lasting changes
OwnerArgument = Annotated[str, typer.Argument(help="Id of an owner, or email address of a user.")]
YesOption = Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")]


@app.callback()
def choose(context: typer.Context, stage: Annotated[str, typer.Option(help="dev, prod or local.")] = "dev") -> None:
    """Look up the stage's resources before a command imports `lambdas.core`, which reads them from the environment."""
    context.obj = configure_core(stage)
    command = str(context.invoked_subcommand)
    if (group := context.obj.get("AuditLog")) and command not in UNAUDITED:
        audit.record(group, command, sys.argv[1:], datetime.now(UTC))


@app.command()
def owners() -> None:
    """List all owners: id, plan, this month's usage, number of API keys, email."""
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
def plan(
    context: typer.Context, owner: OwnerArgument, name: Annotated[str, typer.Argument(help="Plan to assign.")]
) -> None:
    """Assign a plan, effective from the next request, including the rate limits of API keys. Safe to repeat."""
    from lambdas.core import clock
    from lambdas.core.owners import plan_changes
    from lambdas.core.owners.quota import PLANS

    if name not in PLANS:
        raise DeployedError(f"unknown plan {name!r}; use one of: {', '.join(PLANS)}")
    found = _owner(context, owner)
    plan_changes.change(found, name, clock.now())
    typer.echo(f"{found} now has plan {name}: {PLANS[name].requests_per_month} analyses per month")


@app.command()
def revoke(key: Annotated[str, typer.Argument(help="Id of an API key, or the key itself (vs_...).")]) -> None:
    """Revoke an API key immediately, for example a leaked one."""
    from lambdas.core import clock
    from lambdas.core.owners import api_keys
    from lambdas.core.owners import audit as audit_log
    from lambdas.core.storage import item_keys
    from lambdas.core.storage.tables import KeyRecord

    identifier = key.split("_")[1] if key.startswith("vs_") and key.count("_") >= 2 else key
    try:
        record = KeyRecord.get(*item_keys.api_key(identifier), consistent_read=True)
    except KeyRecord.DoesNotExist:
        raise DeployedError(f"no API key has the id {identifier!r}") from None
    api_keys.remove(record, clock.now(), audit_log.OPERATOR)
    typer.echo(f"revoked key {identifier} ({record.name!r}) of {record.owner}")


@app.command()
def smoke(context: typer.Context) -> None:
    """Run the smoke test with a temporary API key: analyze the sample video and check the result."""
    from lambdas.core import clock
    from lambdas.core.owners import api_keys
    from scripts.smoke import smoke

    key = api_keys.create(SMOKE_OWNER, "smoke", clock.now())
    try:
        passed = smoke(context.obj["SiteUrl"], key.token)
    finally:
        api_keys.remove(key.record, clock.now())
    if not passed:
        raise typer.Exit(1)


@app.command()
def sign_out(context: typer.Context, owner: OwnerArgument) -> None:
    """Sign a user out on all devices."""
    from lambdas.core import clock
    from lambdas.core.owners import audit as audit_log
    from lambdas.core.owners import sessions

    found = _owner(context, owner)
    sessions.end_all(found, clock.now(), audit_log.OPERATOR)
    typer.echo(f"{found} was signed out on all devices; API keys stay valid")


@app.command()
def delete(context: typer.Context, owner: OwnerArgument, yes: YesOption = False) -> None:
    """Delete an account with its user, API keys, videos and results. This cannot be undone."""
    from lambdas.core import clock
    from lambdas.core.owners import profiles as profiles

    found = _owner(context, owner)
    if not yes:
        typer.confirm(f"Permanently delete {found} with all videos and results?", abort=True)
    profiles.delete_account(found, clock.now())
    typer.echo(f"{found} is disabled; its data is being deleted, usually within minutes")


@app.command()
def queues(context: typer.Context) -> None:
    """Show the number of messages in each queue and its dead-letter queue."""
    for name, output in QUEUES.items():
        url = context.obj[output]
        typer.echo(f"{name:<8} {_count(url)} waiting, {_count(_dead_letters(url))} dead")


@app.command()
def redrive(
    context: typer.Context,
    queue: Annotated[str, typer.Argument(help=f"One of: {', '.join(QUEUES)}.")],
    limit: Annotated[int, typer.Option(min=1, help="Maximum number of messages.")] = 1000,
) -> None:
    """Move dead letters back to their queue, after their cause was fixed. Handlers are idempotent."""
    if queue not in QUEUES:
        raise DeployedError(f"unknown queue {queue!r}; use one of: {', '.join(QUEUES)}")
    url = context.obj[QUEUES[queue]]
    dead = _dead_letters(url)
    sqs = boto3.client("sqs")
    moved = 0
    for message in _messages(sqs, dead, limit):
        # Sent first, so that an interruption duplicates it instead of losing it.
        sqs.send_message(QueueUrl=url, MessageBody=message["Body"])
        sqs.delete_message(QueueUrl=dead, ReceiptHandle=message["ReceiptHandle"])
        moved += 1
    typer.echo(f"moved {moved} messages; {_count(dead)} remaining")


@app.command()
def backups(context: typer.Context) -> None:
    """List the recovery points in the stage's backup vault, the newest first."""
    from scripts.backup_vault import points

    for point in points(context.obj):
        typer.echo(f"{point.created:%Y-%m-%d %H:%M}  {point.kind:<8}  {point.status:<9}  {point.source}  {point.arn}")


@app.command()
def recover(
    context: typer.Context, point: Annotated[str, typer.Argument(help="ARN of a recovery point, from `backups`.")]
) -> None:
    """Restore a recovery point into a new table or bucket with AWS Backup; `restore` then copies from there."""
    from scripts.backup_vault import recover

    name = recover(context.obj, point, datetime.now(UTC), typer.echo)
    typer.echo(f"restored into {name}; next, run: restore {name}")


@app.command()
def restore(
    context: typer.Context,
    source: Annotated[str, typer.Argument(help="Table or bucket that AWS restored (docs/operations.md).")],
    write: Annotated[
        str, typer.Option(help="Write `missing` records or objects, or `all` records; by default nothing is written.")
    ] = "nothing",
) -> None:
    """Compare a restored table or bucket with the stage's own, and optionally write the differences back."""
    from scripts import restore_objects
    from scripts.restore_records import KINDS, NOTHING, WRITES, WRITTEN, restore

    if write not in WRITES:
        raise DeployedError(f"--write must be one of {', '.join(WRITES)}, not {write!r}")
    if restore_objects.is_bucket(source):
        objects = restore_objects.restore(source, write=write != NOTHING, echo=typer.echo)
        notes = {restore_objects.MISSING: " (copied)"} if write != NOTHING else {}
        typer.echo(", ".join(f"{objects[kind]} {kind}{notes.get(kind, '')}" for kind in restore_objects.KINDS))
        return
    found = restore(source, context.obj["TableName"], write, typer.echo)
    typer.echo(
        ", ".join(f"{found[kind]} {kind}" + (" (written)" if kind in WRITTEN[write] else "") for kind in KINDS)
        + "; records deleted since the backup, and temporary records, are never written"
    )


def _messages(sqs: Any, url: str, limit: int) -> Iterator[dict[str, Any]]:
    for _ in range(limit):
        found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=1, WaitTimeSeconds=1).get("Messages", [])
        if not found:
            return
        yield found[0]


def _dead_letters(url: str) -> str:
    """Return the URL of a queue's dead-letter queue."""
    import json

    sqs = boto3.client("sqs")
    policy = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"])["Attributes"]["RedrivePolicy"]
    name = json.loads(policy)["deadLetterTargetArn"].rpartition(":")[2]
    return str(sqs.get_queue_url(QueueName=name)["QueueUrl"])


def _count(url: str) -> int:
    name = "ApproximateNumberOfMessages"
    return int(boto3.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"][name])


def _owner(context: typer.Context, given: str) -> str:
    """Return an owner's id, given the id or an email. Raises DeployedError for an unknown email or an invalid id."""
    from lambdas.core.storage.object_keys import is_owner

    if "@" not in given:
        if not is_owner(given):
            raise DeployedError(f"{given!r} is neither an owner's id nor an email address")
        return given
    quoted = given.replace("\\", "\\\\").replace('"', '\\"')
    pool = context.obj["UserPoolId"]
    users = boto3.client("cognito-idp").list_users(UserPoolId=pool, Filter=f'email = "{quoted}"')["Users"]
    if not users:
        raise DeployedError(f"no user has the email address {given}")
    return str(next(a["Value"] for a in users[0]["Attributes"] if a["Name"] == "sub"))


if __name__ == "__main__":
    run(app)
