"""Stand-in for SageMaker's asynchronous inference, which the emulator lacks, in front of the real model server.

api        InvokeEndpointAsync over HTTP: accepts requests with 202
queue      accepted requests, in a file that survives restarts
worker     calls the model server as SageMaker does, enforces time limits, writes results
messages   messages that SageMaker publishes to the topics
"""
