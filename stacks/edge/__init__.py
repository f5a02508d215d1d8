"""Rules by which the edge changes requests and answers: plain data, read by the distribution and by `local/`."""
