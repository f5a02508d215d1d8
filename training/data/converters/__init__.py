"""Converters: a corpus as its publisher gives it -> the files that `training/corpora` reads, one module each."""
