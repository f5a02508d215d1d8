"""The guard in front of the AWS emulator: it admits only requests that this run's own processes signed.

    rules        which requests pass, and what of them is passed on
    server       the guard as ASGI middleware
    forwarding   SageMaker's runtime API, handed on to the adapter's Unix socket
    waiting      the queue of the API's requests for a few Lambda workers
    code         what workers unpack, once for all of them
    saving       each answer waits until what it says is on the disk:
    store        the file with the state, and tables and queues, which keep it up to date
    __main__     the emulator behind the guard, as one process: there is no port without it

Runs in `.venv-local`, beside the emulator, so it imports the standard library and nothing of ours.
"""
