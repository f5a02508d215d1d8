"""People of an analysis: whether they are told apart, and the names that the owner has given them.

Voices are biometric data (GDPR, article 9). People are told apart only in accounts whose owner has confirmed a lawful
basis. The choice is stored with the analysis; later changes of the account do not affect attempts that were started.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple, Self

from common.analyses import COMPLETED
from lambdas.core.analyses import queries
from lambdas.core.clock import stamp
from lambdas.core.errors import BadRequestError, BusyError, NotFinishedError, PeopleNotConfirmedError
from lambdas.core.owners import profiles
from lambdas.core.storage.tables import AnalysisRecord
from lambdas.core.storage.transactions import apply
from model.contract import Analysis

MAX_PEOPLE = 100  # names, or merged people, of one analysis; the model finds 20 at most
MAX_NAME = 80  # characters
MAX_TRIES = 4


class Edits(NamedTuple):
    """Names by person id, and for each merged id the one that it belongs to."""

    names: Mapping[str, str]
    merged: Mapping[str, str]

    @classmethod
    def of(cls, record: AnalysisRecord) -> Self:
        """Return the edits of a record."""
        stored: dict[str, Any] = record.people_edits or {}
        return cls(stored.get("names", {}), stored.get("merged", {}))

    def person(self, person_id: str) -> str:
        """Return the id of the person to whom an id belongs after merging."""
        while person_id in self.merged:  # no cycles: `check_edits`
            person_id = self.merged[person_id]
        return person_id

    def applied(self, analysis: Analysis) -> Analysis:
        """Return a result with the labels that the owner sees; merged people have the same label."""
        labels = analysis.labels | dict(self.names)
        people = [person.model_copy(update={"label": labels[self.person(person.id)]}) for person in analysis.people]
        return analysis.model_copy(update={"people": people})


def is_confirmed(owner: str) -> bool:
    """Return True if the owner has confirmed a lawful basis. Raises AccountDeletedError."""
    return profiles.profile(owner).people_confirmed_at is not None


def check(wanted: bool | None, confirmed: bool) -> None:
    """Raise PeopleNotConfirmedError if a request asks for people without a confirmation."""
    if wanted and not confirmed:
        raise PeopleNotConfirmedError(
            "Telling people apart compares their voices, which are biometric data. The owner of the account must first "
            "confirm a lawful basis in the web app, on the page Account; or send `people: false`."
        )


def choose(wanted: bool | None, failed: AnalysisRecord | None, confirmed: bool) -> bool:
    """Return whether an attempt tells people apart.

    As the request asks; else as the analysis that is retried did; else if the account's owner has confirmed it. Never
    without a confirmation.
    """
    if wanted is None and failed is not None:
        wanted = bool(failed.people)
    return confirmed and wanted is not False


def edit(owner: str, analysis_id: str, edits: Edits, now: datetime) -> AnalysisRecord:
    """Replace the edits of an analysis's people as a whole. Idempotent.

    Raises NotFoundError, NotFinishedError before there is a result, and BadRequestError for edits that do not fit it.
    """
    for _ in range(MAX_TRIES):
        record = queries.get(owner, analysis_id)
        if record.status != COMPLETED:
            raise NotFinishedError(f"The analysis has no result. Its status is {record.status}.")
        check_edits(edits, {person.id for person in queries.result(record).people})
        columns = AnalysisRecord
        stored = {"names": dict(edits.names), "merged": dict(edits.merged)} if edits.names or edits.merged else None
        actions = [
            columns.people_edits.remove() if stored is None else columns.people_edits.set(stored),
            columns.updated_at.set(stamp(now)),
        ]
        same = (columns.status == COMPLETED) & (columns.attempt == record.attempt)
        if apply(record, actions, same & columns.deleted_at.does_not_exist() & columns.purged.does_not_exist()):
            return record
    raise BusyError


def check_edits(edits: Edits, ids: set[str]) -> None:
    """Raise BadRequestError unless the edits name people of the result, readably and without cycles."""
    unknown = sorted({*edits.names, *edits.merged, *edits.merged.values()} - ids)
    if unknown:
        raise BadRequestError(f"The result has no person {unknown[0]!r}. Its people are: {', '.join(sorted(ids))}.")
    for person_id, name in edits.names.items():
        if not (1 <= len(name.strip()) <= len(name) <= MAX_NAME and name.isprintable()):
            raise BadRequestError(f"The name of {person_id} must have 1 to {MAX_NAME} printable characters.")
    for person_id in edits.merged:
        seen = {person_id}
        while (into := edits.merged.get(person_id)) is not None:
            if into in seen:
                raise BadRequestError(f"`merged` has a cycle: {into} is merged into itself.")
            seen.add(into)
            person_id = into
