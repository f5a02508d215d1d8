"""Stand-in for SageMaker's asynchronous inference, which the emulator lacks, in front of the real model server.

api        InvokeEndpointAsync over HTTP: accept a request, answer 202
queue      what was accepted, in a file: nothing is lost by a restart
worker     calls the model server as SageMaker does, keeps the time limits, writes what comes of it
messages   what SageMaker tells the topics
"""
