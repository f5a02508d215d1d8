"""CDK entry: read the stage, build its stacks, synthesize. Needs no credentials and no network once bundles are built.

node_modules/.bin/cdk synth -c stage=prod
"""

import os
import sys

# The oldest Node.js that CDK's own command line still takes; its banner on every call says nothing new.
os.environ.setdefault("JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION", "20")

import aws_cdk as cdk

from stacks.config import ConfigError, StageConfig
from stacks.stage import add_stacks


def main() -> int:
    app = cdk.App()
    try:
        config = StageConfig.from_context(app.node.get_all_context())
    except ConfigError as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    add_stacks(app, config)
    app.synth()
    return 0


if __name__ == "__main__":
    sys.exit(main())
