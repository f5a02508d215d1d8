"""The one web origin of site, API and sign-in, which stands in for CloudFront.

app      the routes
tokens   what the edge does with API keys
proxy    passing a request on, within the gateway's limits
pages    the web app's files, or a page that helps until it is built; the API reference
"""
