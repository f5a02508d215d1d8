"""CDK stacks of the product on AWS and, as stage local, on the emulator."""
