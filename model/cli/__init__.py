"""Command line: options, input and output files, and terminal output."""
