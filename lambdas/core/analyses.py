"""Analyses, as handlers and the API see them. Each function is told in the module it comes from."""

from lambdas.core.creation import id_of, retry, start
from lambdas.core.deletion import delete, end, purge, restore
from lambdas.core.inference import submit_next
from lambdas.core.reading import Page, Progress, find, get, page, progress, reload, result
from lambdas.core.tables import AnalysisRecord
from lambdas.core.transitions import cancel, complete, fail, mark_processing, put_off

__all__ = [
    "AnalysisRecord",
    "Page",
    "Progress",
    "cancel",
    "complete",
    "delete",
    "end",
    "fail",
    "find",
    "get",
    "id_of",
    "mark_processing",
    "page",
    "progress",
    "purge",
    "put_off",
    "reload",
    "restore",
    "retry",
    "result",
    "start",
    "submit_next",
]
