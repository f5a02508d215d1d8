"""The guard in front of the AWS emulator: it admits only requests that this run's own processes signed.

    rules        which requests pass, and what of them is passed on
    server       the guard as ASGI middleware
    forwarding   SageMaker's runtime API, handed on to the adapter's Unix socket
    __main__     the emulator behind the guard, as one process: there is no port without it

Runs in `.venv-local`, beside the emulator, so it imports the standard library and nothing of ours.
"""
