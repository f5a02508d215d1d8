"""The model behind an asynchronous endpoint that scales to zero. Left out of stage local: the emulator has none."""

import aws_cdk as cdk
from constructs import Construct

from stacks.app_stack import AppStack
from stacks.config import StageConfig
from stacks.data_stack import DataStack


class InferenceStack(cdk.Stack):
    def __init__(self, scope: Construct, id: str, config: StageConfig, data: DataStack, app: AppStack) -> None:
        super().__init__(scope, id, termination_protection=config.is_prod, description="Video sentiment: inference")
