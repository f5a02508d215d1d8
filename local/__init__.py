"""Complete product on one machine without an AWS account: the same stacks and Lambdas, and the real model server."""
