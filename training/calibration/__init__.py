"""Constants of a bundle, fitted on items that the networks did not learn from."""
