"""Benchmarks of speed and memory (`python -m bench`); not part of the engine."""
