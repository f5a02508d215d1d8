"""Imported first by `app`: a shorter cold start.

A cold start imports some thousand modules, which all stay. The garbage collector would go through them again and
again, for a tenth of the time, and find nothing.
"""

import gc

gc.disable()


def done() -> None:
    """Everything is imported: the collector need not look at it any more."""
    gc.freeze()
    gc.enable()
