"""Web origin of site, API and sign-in, which stands in for CloudFront.

app      routes
tokens   API keys, split as by the edge
cognito  allow list of Cognito calls
paths    normal form of request paths
proxy    forwarding of requests, within the gateway's limits
pages    the web app's files, or a placeholder until it is built; the API reference
"""
