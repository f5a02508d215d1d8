"""CDK app: read the stage's configuration, add its stacks, synthesize.

Needs no credentials, and no network once the Lambda bundles are built:

node_modules/.bin/cdk synth -c stage=prod
"""

import os
import sys

# CDK's command line still supports Node.js 20; without this, jsii prints an end-of-life banner on every call.
os.environ.setdefault("JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION", "20")

import aws_cdk as cdk

from stacks.config import ConfigError, StageConfig
from stacks.stage import add_stacks


def main() -> int:
    """Synthesize the stacks; return the exit code: 2 for an invalid configuration."""
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
