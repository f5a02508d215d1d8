"""The whole product on one machine, without an AWS account: the same stacks and Lambdas, the real model server."""
