"""App stack: environments, consistent timeouts, queues without loss, authentication, alarms."""

import json
from typing import Any

import pytest

from common.analyses import COMPLETED, FAILED, QUEUED
from common.problems import MEDIA_TYPE, TYPE_PREFIX
from lambdas.core import errors
from lambdas.core.aws import clients, observability
from lambdas.core.owners import api_keys, quota
from lambdas.core.settings import Settings
from lambdas.core.storage import item_keys
from stacks.constructs.http_api import DEFAULT_PLAN, PROBLEMS, USAGE_PLANS
from stacks.constructs.monitoring import COUNTERS
from stacks.constructs.python_function import METRICS_NAMESPACE
from tests.infra.synthesized import ROOT, Stage, flat, references

LAMBDAS = {"api", "on_drop", "submit", "on_result", "publish", "sweeper", "webhook"}
GATEWAY_SECONDS = 29  # API Gateway's limit for an integration


@pytest.mark.parametrize(
    ("name", "changed"),
    [("prod", {"ORIGIN_SECRET"}), ("local", {"LOCAL_WEBHOOKS"}), ("gpu", {"ORIGIN_SECRET", "UNDO_SECONDS"})],
)
def test_environments_are_exactly_the_settings(name: str, changed: set[str], request: pytest.FixtureRequest) -> None:
    stage: Stage = request.getfixturevalue(name)
    required = {field.upper() for field, info in Settings.model_fields.items() if info.is_required()}
    functions = stage.functions()
    assert len(functions) == len(LAMBDAS)
    for function in functions.values():
        given = {key for key in function["Environment"]["Variables"] if not key.startswith("POWERTOOLS_")}
        assert given == required | changed
        assert given <= {field.upper() for field in Settings.model_fields}


def test_functions_are_arm_of_one_python_traced_and_their_logs_end(prod: Stage) -> None:
    groups = prod.resources("AWS::Logs::LogGroup", "App")
    for function in prod.functions().values():
        assert function["Architectures"] == ["arm64"]
        assert function["Runtime"] == "python3.13"
        assert function["TracingConfig"] == {"Mode": "Active"}
        (group,) = references(function["LoggingConfig"]["LogGroup"])
        assert 0 < groups[group]["RetentionInDays"] <= 365


def test_the_api_answers_before_the_gateway_gives_up(prod: Stage) -> None:
    wait = Settings.model_fields["wait_seconds"].default
    timeout = prod.function("api")["Timeout"]
    assert wait + 2 <= timeout < GATEWAY_SECONDS  # with time to respond after the wait
    for method in prod.resources("AWS::ApiGateway::Method").values():
        assert timeout * 1000 < method["Integration"]["TimeoutInMillis"] <= GATEWAY_SECONDS * 1000


def _mappings(stage: Stage, service: str) -> dict[str, Any]:
    """Return the event sources of a service, by the Lambda's package."""
    functions = stage.functions()
    found = {}
    for mapping in stage.resources("AWS::Lambda::EventSourceMapping").values():
        (function,) = references(mapping["FunctionName"])
        source = json.dumps(mapping["EventSourceArn"])
        if ("StreamArn" in source) == (service == "dynamodb"):
            found[functions[function]["Handler"].split(".")[1]] = mapping
    return found


def test_each_queue_hides_messages_for_six_timeouts_and_keeps_its_dead(prod: Stage) -> None:
    queues = prod.resources("AWS::SQS::Queue")
    mappings = _mappings(prod, "sqs")
    assert set(mappings) == {"on_drop", "on_result", "webhook"}
    for name, mapping in mappings.items():
        (logical,) = references(mapping["EventSourceArn"])
        queue = queues[logical]
        assert queue["VisibilityTimeout"] >= 6 * prod.function(name)["Timeout"]
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        (dead,) = references(queue["RedrivePolicy"]["deadLetterTargetArn"])
        assert queue["RedrivePolicy"]["maxReceiveCount"] >= 5
        assert queues[dead]["MessageRetentionPeriod"] == 14 * 86400 > queue["MessageRetentionPeriod"]


def test_webhooks_have_a_concurrency_of_their_own(prod: Stage, gpu: Stage, local: Stage) -> None:
    """Concurrency is reserved if the account allows it; throttled invocations would count as failed deliveries."""
    for stage, reserved, calls in ((prod, 10, 10), (gpu, None, 5), (local, None, None)):
        functions = stage.functions().values()
        held = {
            f["Handler"]: f["ReservedConcurrentExecutions"] for f in functions if "ReservedConcurrentExecutions" in f
        }
        assert held == ({"lambdas.webhook.handler.handler": reserved} if reserved else {})
        scaling = _mappings(stage, "sqs")["webhook"].get("ScalingConfig")
        assert scaling == ({"MaximumConcurrency": calls} if calls else None)


def test_all_queues_are_encrypted_and_require_tls(prod: Stage) -> None:
    denied = {
        reference
        for policy in prod.resources("AWS::SQS::QueuePolicy").values()
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Deny" and statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        for reference in references(policy["Queues"])
    }
    queues = prod.resources("AWS::SQS::Queue")
    assert denied == set(queues)
    assert all(queue["SqsManagedSseEnabled"] for queue in queues.values())


@pytest.mark.parametrize(("name", "statuses"), [("submit", [QUEUED]), ("publish", [COMPLETED, FAILED])])
def test_the_outbox_calls_for_the_right_records_and_loses_none(prod: Stage, name: str, statuses: list[str]) -> None:
    mapping = _mappings(prod, "dynamodb")[name]
    assert mapping["BisectBatchOnFunctionError"] is True
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["StartingPosition"] == "TRIM_HORIZON"
    (dead,) = references(mapping["DestinationConfig"]["OnFailure"]["Destination"])
    assert dead in prod.resources("AWS::SQS::Queue")
    patterns = [json.loads(f["Pattern"]) for f in mapping["FilterCriteria"]["Filters"]]
    slots = [{"sk": {"S": [kind]}} for kind in ("SLOTS", "PLAN")] if name == "submit" else []
    images = [pattern["dynamodb"]["NewImage"] for pattern in patterns]
    assert images == [{"sk": {"S": ["ANALYSIS"]}, "status": {"S": statuses}}, *slots]
    assert (item_keys.analysis("x")[1], item_keys.slots("x")[1]) == ("ANALYSIS", "SLOTS")
    assert item_keys.plan_change("x")[1] == "PLAN"
    assert not any("REMOVE" in pattern["eventName"] for pattern in patterns)


def test_submit_outlives_the_copies_of_its_batch(prod: Stage, local: Stage) -> None:
    """A timeout in the middle of a copy would repeat the whole batch with its copies."""
    batch = _mappings(prod, "dynamodb")["submit"]["BatchSize"]
    copy = clients.COPY_ATTEMPTS * clients.COPY_SECONDS
    request = clients.ATTEMPTS * clients.READ_SECONDS
    assert batch * (copy + request) < prod.function("submit")["Timeout"]
    assert _mappings(local, "dynamodb")["submit"]["BatchSize"] == 10


def test_drops_and_uploads_send_events_when_they_arrive(prod: Stage) -> None:
    patterns = [r["EventPattern"] for r in prod.resources("AWS::Events::Rule", "App").values() if "EventPattern" in r]
    for pattern in patterns:
        assert pattern["source"] == ["aws.s3"]
        assert pattern["detail-type"] == ["Object Created"]
    prefixes = sorted(pattern["detail"]["object"]["key"][0]["prefix"] for pattern in patterns)
    assert prefixes == ["drop/", "uploads/"]


def test_the_sweeper_runs_every_minute(prod: Stage) -> None:
    (rule,) = (r for r in prod.resources("AWS::Events::Rule", "App").values() if "ScheduleExpression" in r)
    assert rule["ScheduleExpression"] == "rate(1 minute)"
    assert rule["Targets"][0]["RetryPolicy"]["MaximumRetryAttempts"] == 0


def test_both_topics_reach_on_result_as_they_are(prod: Stage) -> None:
    subscriptions = [s for s in prod.resources("AWS::SNS::Subscription", "App").values() if s["Protocol"] == "sqs"]
    assert len(subscriptions) == 2
    (queue,) = {flat(s["Endpoint"]) for s in subscriptions}
    (source,) = references(_mappings(prod, "sqs")["on_result"]["EventSourceArn"])
    assert source in queue
    assert all(s["RawMessageDelivery"] is True for s in subscriptions)


def test_every_entry_point_but_that_of_links_requires_authentication(prod: Stage, local: Stage) -> None:
    """/api requires an API key, /app a signed-in user. /public only reads; the Lambda checks the link's token."""
    for stage in (prod, local):
        resources = stage.resources("AWS::ApiGateway::Resource")
        (authorizer,) = stage.resources("AWS::ApiGateway::Authorizer")
        methods = {}
        for method in stage.resources("AWS::ApiGateway::Method").values():
            (proxy,) = references(method["ResourceId"])
            (parent,) = references(resources[proxy]["ParentId"])
            methods[resources[parent]["PathPart"]] = method
        assert set(methods) == {"api", "app", "public"}
        assert methods["api"]["ApiKeyRequired"] is True
        assert methods["app"]["AuthorizationType"] == "COGNITO_USER_POOLS"
        assert list(references(methods["app"]["AuthorizerId"])) == [authorizer]
        assert methods["public"]["HttpMethod"] == "GET"


def test_each_api_key_is_throttled_by_its_plan(prod: Stage) -> None:
    """The gateway only counts requests; analyses are counted in the table, with refunds, plans and calendar months."""
    plans = {p["UsagePlanName"].rpartition("-")[2]: p for p in prod.resources("AWS::ApiGateway::UsagePlan").values()}
    assert set(plans) == set(quota.PLANS) == set(USAGE_PLANS) and quota.DEFAULT_PLAN == DEFAULT_PLAN
    assert plans["free"]["Throttle"] == {"RateLimit": 20, "BurstLimit": 40}
    rates = [plans[name]["Throttle"]["RateLimit"] for name in quota.PLANS]
    assert rates == sorted(set(rates))
    (stage,) = prod.resources("AWS::ApiGateway::Stage").values()
    limits = {setting["ResourcePath"]: setting["ThrottlingRateLimit"] for setting in stage["MethodSettings"]}
    assert rates[-1] < limits["/*"]  # one key must not use up the limit of the whole stage
    assert limits.pop("/~1public~1{proxy+}") < min(limits.values())  # nor may readers without an account
    assert set(limits) == {"/*"}
    for name, plan in plans.items():
        month = 100 * quota.PLANS[name].requests_per_month
        assert plan["Quota"] == {"Limit": month, "Period": "MONTH"}
        assert len(plan["ApiStages"]) == 1
    # Keys from the time of a single plan are on the default plan, which has kept its construct id.
    ((default, _),) = (item for item in prod.resources("AWS::ApiGateway::UsagePlan").items() if "free" in str(item))
    assert "RestPlan" in default


def test_the_gateway_answers_as_the_api_does(prod: Stage) -> None:
    answers = {a["ResponseType"]: a for a in prod.resources("AWS::ApiGateway::GatewayResponse").values()}
    assert set(answers) == set(PROBLEMS) >= {"DEFAULT_4XX", "DEFAULT_5XX", "THROTTLED", "INVALID_API_KEY"}
    for kind, answer in answers.items():
        assert answer["ResponseParameters"]["gatewayresponse.header.Content-Type"] == f"'{MEDIA_TYPE}'"
        template = answer["ResponseTemplates"]["application/json"]
        document = json.loads(template.replace("$context.error.messageString", '"Too bad"'))
        assert document["type"] == TYPE_PREFIX + document["code"]
        assert {"title", "detail", "error", "requestId"} <= set(document)
        assert str(document.get("status", answer.get("StatusCode"))) == str(answer.get("StatusCode")), kind
    retry = "gatewayresponse.header.Retry-After"
    assert answers["THROTTLED"]["ResponseParameters"][retry] == "'1'"
    assert answers["QUOTA_EXCEEDED"]["ResponseParameters"][retry] == "'3600'"  # a month's requests are used up
    assert api_keys.KEY_FORMAT_HINT in answers["INVALID_API_KEY"]["ResponseTemplates"]["application/json"]


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("INVALID_API_KEY", errors.UnauthorizedError),
        ("UNAUTHORIZED", errors.UnauthorizedError),
        ("ACCESS_DENIED", errors.ForbiddenError),
        ("MISSING_AUTHENTICATION_TOKEN", errors.NotFoundError),
        ("REQUEST_TOO_LARGE", errors.TooLargeError),
        ("QUOTA_EXCEEDED", errors.QuotaExceededError),
        ("DEFAULT_4XX", errors.BadRequestError),
        ("DEFAULT_5XX", errors.DomainError),
    ],
)
def test_codes_and_statuses_are_the_apis(kind: str, error: type[errors.DomainError]) -> None:
    status, code, _ = PROBLEMS[kind]
    assert code == error.code
    assert status in (error.status, None)


def test_error_responses_of_the_gateway_are_deployed(prod: Stage) -> None:
    """A stage only has the error responses that existed before its deployment."""
    (deployment,) = prod.full_resources("AWS::ApiGateway::Deployment").values()
    assert set(prod.resources("AWS::ApiGateway::GatewayResponse")) <= set(deployment["DependsOn"])


def test_ids_that_would_be_circular_dependencies_are_parameters(prod: Stage) -> None:
    names = {p["Name"] for p in prod.resources("AWS::SSM::Parameter").values()}
    variables = prod.function("api")["Environment"]["Variables"]
    plans = {f"{variables['USAGE_PLAN_PARAMETER']}/{plan}" for plan in quota.PLANS}
    assert names == {*plans, variables["PUBLIC_URL_PARAMETER"]}


def test_every_queue_and_function_has_alarms(prod: Stage) -> None:
    alarms = prod.resources("AWS::CloudWatch::Alarm", "App").values()
    watched = {(a["MetricName"], reference) for a in alarms for reference in references(a.get("Dimensions", []))}
    dead = {n for n in prod.resources("AWS::SQS::Queue", "App") if "Dead" in n}
    assert len(dead) == 4
    for queue in dead:
        assert ("ApproximateNumberOfMessagesVisible", queue) in watched
    for queue in set(prod.resources("AWS::SQS::Queue", "App")) - dead:
        assert ("ApproximateAgeOfOldestMessage", queue) in watched
    for function in prod.functions():
        assert {("Throttles", function), ("Errors", function)} <= watched
    counted = {a["MetricName"] for a in alarms if a.get("Namespace") == METRICS_NAMESPACE}
    assert counted == {
        observability.ANALYSES_FAILED,
        observability.DROP_REFUSALS,
        observability.CEILING_REFUSALS,
    }
    assert all(a["AlarmActions"] and a["TreatMissingData"] == "notBreaching" for a in alarms)
    (email,) = (s for s in prod.resources("AWS::SNS::Subscription", "App").values() if s["Protocol"] == "email")
    assert email["Endpoint"] == "ops@example.com"


def test_the_gateways_own_log_has_a_retention_period(prod: Stage) -> None:
    """The gateway itself would create the log group without one."""
    (api,) = prod.resources("AWS::ApiGateway::RestApi")
    (stage,) = prod.full_resources("AWS::ApiGateway::Stage").values()
    name = f"API-Gateway-Execution-Logs_${{{api}}}/{stage['Properties']['StageName']}"
    groups = prod.resources("AWS::Logs::LogGroup", "App")
    (group,) = (n for n, g in groups.items() if flat(g.get("LogGroupName", "")) == name)
    assert 0 < groups[group]["RetentionInDays"] <= 365
    assert group in stage["DependsOn"]  # before the gateway writes anything


def test_every_log_group_has_a_retention_period(prod: Stage) -> None:
    groups = prod.resources("AWS::Logs::LogGroup")
    assert len(groups) > 8
    assert all(0 < group["RetentionInDays"] <= 365 for group in groups.values())


def test_every_alarm_may_publish_to_its_topic(prod: Stage) -> None:
    """A custom topic policy replaces SNS's default one, which admits CloudWatch, so it has to admit it as well."""
    topics = prod.resources("AWS::SNS::Topic")
    allowed = {
        topic
        for policy in prod.resources("AWS::SNS::TopicPolicy").values()
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Allow"
        and statement["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
        and statement["Action"] == "sns:Publish"
        and statement["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
        for topic in references(policy["Topics"])
        if topic in references(statement["Resource"])
    }
    for stack in ("App", "Inference"):
        alarms = prod.resources("AWS::CloudWatch::Alarm", stack)
        by_alarm = {name: [t for t in topics if t in flat(alarm["AlarmActions"])] for name, alarm in alarms.items()}
        notified = {name: found for name, found in by_alarm.items() if found}
        assert notified  # alarms without a topic start an instance
        assert set().union(*notified.values()) <= allowed, notified


def test_new_code_of_the_api_gets_a_tenth_of_the_calls_first_and_is_rolled_back(prod: Stage, local: Stage) -> None:
    ((alias, resource),) = prod.full_resources("AWS::Lambda::Alias").items()
    ((group, release),) = prod.resources("AWS::CodeDeploy::DeploymentGroup").items()
    update = resource["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"]
    assert group in references(update["DeploymentGroupName"])
    assert release["DeploymentConfigName"] == "CodeDeployDefault.LambdaCanary10Percent5Minutes"
    assert release["AutoRollbackConfiguration"]["Enabled"] is True
    assert "DEPLOYMENT_STOP_ON_ALARM" in release["AutoRollbackConfiguration"]["Events"]
    alarms = prod.resources("AWS::CloudWatch::Alarm", "App")
    watched = {alarms[r]["MetricName"] for a in release["AlarmConfiguration"]["Alarms"] for r in references(a["Name"])}
    assert watched == {"Errors", "5XXError"}
    # All invocations of the API's function go through the alias.
    for method in prod.resources("AWS::ApiGateway::Method").values():
        assert list(references(method["Integration"]["Uri"])).count(alias) == 1
    functions = prod.functions()
    (api,) = (name for name, f in functions.items() if f["Handler"].startswith("lambdas.api."))
    for name, permission in prod.resources("AWS::Lambda::Permission", "App").items():
        assert api not in references(permission["FunctionName"]), name
    assert not local.resources("AWS::Lambda::Alias") and not local.resources("AWS::CodeDeploy::DeploymentGroup")


def test_the_api_the_edge_and_the_stream_have_alarms(prod: Stage) -> None:
    alarms = prod.full_resources("AWS::CloudWatch::Alarm", "App")
    by_name = {flat(a["Properties"]["AlarmName"]).removeprefix("video-sentiment-prod-"): a for a in alarms.values()}
    slow = by_name["ApiSlow"]["Properties"]
    assert (slow["MetricName"], slow["ExtendedStatistic"]) == ("Latency", "p99")
    assert Settings.model_fields["wait_seconds"].default * 1000 < slow["Threshold"] < GATEWAY_SECONDS * 1000
    edge = by_name["EdgeErrors"]
    assert edge["Properties"]["MetricName"] == "5xxErrorRate"
    # CloudFront's metrics are in us-east-1 only; in other regions the alarm would have no data and never go off.
    condition = prod.templates["App"]["Conditions"][edge["Condition"]]
    assert condition == {"Fn::Equals": [{"Ref": "AWS::Region"}, "us-east-1"]}
    for name in ("SubmitBehind", "PublishBehind"):
        assert by_name[name]["Properties"]["MetricName"] == "IteratorAge"
    documented = (ROOT / "docs" / "operations.md").read_text()
    for name in by_name:
        assert any(f"`{part}`" in documented for part in (name, *_patterns(name))), name


def _patterns(name: str) -> list[str]:
    """Return patterns of an alarm's name that docs/operations.md may list, such as `...Dead`."""
    return [f"...{name[at:]}" for at in range(1, len(name)) if name[at].isupper() or name[at].isdigit()]


def test_the_account_has_a_budget_with_early_notifications(prod: Stage, gpu: Stage) -> None:
    (budget,) = prod.resources("AWS::Budgets::Budget").values()
    assert budget["Budget"]["BudgetLimit"] == {"Amount": 200, "Unit": "USD"}
    assert "CostFilters" not in budget["Budget"]  # a filter by tag matches nothing until it is activated for billing
    notifications = {
        (n["Notification"]["NotificationType"], n["Notification"]["Threshold"])
        for n in budget["NotificationsWithSubscribers"]
    }
    assert notifications == {("ACTUAL", 80), ("FORECASTED", 100)}
    (topic,) = (t for t in prod.resources("AWS::SNS::Topic") if "Alarms" in t)
    for notification in budget["NotificationsWithSubscribers"]:
        assert [s["Address"] for s in notification["Subscribers"]] == [{"Ref": topic}]
    services = [
        statement["Principal"]["Service"]
        for policy in prod.resources("AWS::SNS::TopicPolicy").values()
        if topic in references(policy["Topics"])
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Allow"
    ]
    assert sorted(services) == ["budgets.amazonaws.com", "cloudwatch.amazonaws.com"]
    assert not gpu.resources("AWS::Budgets::Budget")  # monthlyBudget=0


def test_the_dashboard_shows_what_the_code_counts(prod: Stage) -> None:
    emitted = {getattr(observability, name) for name in vars(observability) if name.isupper()}
    assert set(COUNTERS) == emitted
    for function in prod.functions().values():
        assert function["Environment"]["Variables"]["POWERTOOLS_METRICS_NAMESPACE"] == METRICS_NAMESPACE
    (board,) = prod.resources("AWS::CloudWatch::Dashboard").values()
    body = flat(board["DashboardBody"])
    assert all(name in body for name in COUNTERS)
