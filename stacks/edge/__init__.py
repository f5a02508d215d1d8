"""What the edge adds to requests and answers: plain data and rules, read by the distribution and by `local/`."""
