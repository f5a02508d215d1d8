"""Image stack: the engine's image, kept when the inference stack fails to deploy or is deleted."""

import aws_cdk as cdk
from constructs import Construct

from stacks.config import StageConfig
from stacks.constructs.image import EngineImage


class ImageStack(cdk.Stack):
    """Registry and build of the engine's image, independent of the other stacks.

    A build takes about 15 minutes; the registry keeps the last ten images.
    """

    def __init__(self, scope: Construct, id: str, config: StageConfig) -> None:
        super().__init__(
            scope,
            id,
            termination_protection=config.protects("Image"),
            description="Video sentiment: the engine's image",
        )
        self.image = EngineImage(self, "Engine", config)
        cdk.CfnOutput(self, "ImageUri", value=self.image.uri)
