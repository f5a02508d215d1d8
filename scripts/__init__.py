"""What operators and developers run by hand: `python -m scripts.NAME`."""
