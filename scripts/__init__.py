"""Commands for operators and developers: `python -m scripts.NAME`."""
