"""The stacks of one stage, in the order in which they are deployed: data, app, image, inference."""

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

    With `waf` there is Edge as well, in another region.

    Locally there is no SageMaker. References go one way: the app stack refers to the data stack, the inference stack to
    all others. The app needs only the endpoint's name of the inference stack, which is fixed. With `customer_key` all
    refer to the data stack, which has the key.
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
            # S3 writes its log of access only to a bucket with its own encryption.
            # https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html
            encrypt(stack, data.key, spared=data.buckets.logs)
    for stack in stacks.values():
        cdk.Tags.of(stack).add("project", PROJECT)
        cdk.Tags.of(stack).add("stage", config.stage)
    if not config.is_local:  # which has no TLS, no log and nobody to keep out
        cdk.Aspects.of(scope).add(AwsSolutionsChecks())
    return stacks
