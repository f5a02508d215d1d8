"""The engine's image in a stack of its own: what fails later, or is taken down, does not throw the image away."""

import aws_cdk as cdk
from constructs import Construct

from stacks.config import StageConfig
from stacks.constructs.image import EngineImage


class ImageStack(cdk.Stack):
    """Knows no other stack. It takes a quarter of an hour to build the image, and its registry keeps the last ten."""

    def __init__(self, scope: Construct, id: str, config: StageConfig) -> None:
        super().__init__(
            scope,
            id,
            termination_protection=config.protects("Image"),
            description="Video sentiment: the engine's image",
        )
        self.image = EngineImage(self, "Engine", config)
        cdk.CfnOutput(self, "ImageUri", value=self.image.uri)
