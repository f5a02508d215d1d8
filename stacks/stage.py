"""Stacks of one stage, in the order of deployment: data, app, image, inference."""

from collections.abc import Mapping

import aws_cdk as cdk
from cdk_nag import AwsSolutionsChecks
from constructs import Construct

from stacks.app_stack import AppStack
from stacks.config import PROJECT, StageConfig
from stacks.constructs.customer_key import encrypt
from stacks.data_stack import DataStack
from stacks.edge_stack import EdgeStack
from stacks.image_stack import ImageStack
from stacks.inference_stack import InferenceStack


def add_stacks(scope: Construct, config: StageConfig) -> Mapping[str, cdk.Stack]:
    """Add the stacks of a stage and return them by name: Data, App and, except locally, Image and Inference.

    With `waf` also Edge, in another region.

    Image and Inference need SageMaker, which the emulator lacks. References go one way: the app stack refers to the
    data stack, the inference stack to all others. Of the inference stack the app needs only the endpoint's name, which
    is fixed. With `customer_key` all stacks refer to the data stack, which has the key.
    """
    data = DataStack(scope, config.stack_name("Data"), config)
    app = AppStack(scope, config.stack_name("App"), config, data)
    stacks: dict[str, cdk.Stack] = {"Data": data, "App": app}
    if not config.is_local:
        stacks["Image"] = images = ImageStack(scope, config.stack_name("Image"), config)
        stacks["Inference"] = InferenceStack(scope, config.stack_name("Inference"), config, data, app, images)
        if config.waf:
            stacks["Edge"] = EdgeStack(scope, config.stack_name("Edge"), config)
    if data.key:
        for stack in stacks.values():
            # S3 delivers access logs only to buckets with its own encryption (SSE-S3).
            # https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html
            encrypt(stack, data.key, excluded=data.buckets.logs)
    for stack in stacks.values():
        cdk.Tags.of(stack).add("project", PROJECT)
        cdk.Tags.of(stack).add("stage", config.stage)
    if not config.is_local:  # locally there is no TLS, no access log and no other user
        cdk.Aspects.of(scope).add(AwsSolutionsChecks())
    return stacks
