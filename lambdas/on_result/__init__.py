"""Takes in what comes back from the endpoint."""
