"""Schemas of people: the account's confirmation, and the names that the owner gives."""

from datetime import datetime
from typing import Annotated

from pydantic import Field, StrictBool

from lambdas.api.schemas import examples
from lambdas.api.schemas.base import Schema, example
from lambdas.core.analyses.people import MAX_NAME, MAX_PEOPLE

PersonId = Annotated[str, Field(min_length=1, max_length=64)]
Name = Annotated[str, Field(min_length=1, max_length=MAX_NAME)]


class PeopleEdits(Schema):
    """Names of people by `id`, and for each merged `id` the one that it belongs to."""

    model_config = example(examples.PEOPLE_EDITS)

    names: dict[PersonId, Name] = Field(
        default_factory=dict, max_length=MAX_PEOPLE, description="Printable characters; shown instead of `label`."
    )
    merged: dict[PersonId, PersonId] = Field(
        default_factory=dict, max_length=MAX_PEOPLE, description="Without cycles: `S3` is the same person as `S1`."
    )


class PeopleConfirmation(Schema):
    """Confirmation, or its withdrawal, of a lawful basis for telling people apart by their voices (GDPR, article 9)."""

    model_config = example(lawfulBasisConfirmed=True)

    lawful_basis_confirmed: StrictBool


class AccountPeople(Schema):
    """Confirmation of an account; until then its analyses tell nobody apart, and `confirmedAt` is null."""

    model_config = example(lawfulBasisConfirmed=True, confirmedAt=examples.TIME)

    lawful_basis_confirmed: bool
    confirmed_at: datetime | None
