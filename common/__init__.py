"""Values that several packages must agree on: names, prefixes, statuses, periods.

Needs nothing but the standard library and imports nothing of ours, so that the Lambdas, the stacks that deploy them,
the engine and the local product can all read the same value.
"""
