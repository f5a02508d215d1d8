"""Guard in front of the AWS emulator, which admits only requests signed by this run's own processes.

    rules        admission rules, and the headers that are forwarded
    server       the guard as ASGI middleware
    forwarding   forwards SageMaker's runtime API to the adapter's Unix socket
    waiting      queue of API requests in front of a limited number of Lambda workers
    code         unpacks Lambda code once for all workers
    saving       delays each response until its changes are on the disk
    store        file with the state; tables and queues keep it up to date
    __main__     emulator and guard as one process, so that no port is without the guard

Runs in the emulator's `.venv-local`, so of our packages it imports only `common`, which has no dependencies.
"""
