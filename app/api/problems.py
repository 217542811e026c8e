"""What is said when something cannot be done: RFC 9457 problem details, with what to do about it."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied, ValidationError
from django.http import Http404
from obligations.services.findings import StaleFinding
from obligations.services.obligations import StaleObligation
from obligations.services.occurrences import StaleOccurrence
from registers.services.changing import StaleRow
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.views import exception_handler, set_rollback

MEDIA_TYPE = "application/problem+json"
STALE = (StaleFinding, StaleObligation, StaleOccurrence, StaleRow)


class Problem(exceptions.APIException):
    """Something that the libraries have no exception for."""

    def __init__(self, status_code: int, detail: str) -> None:
        super().__init__(detail)
        self.status_code = status_code


def changed_meanwhile() -> Problem:
    """Return what is said to whoever saves second."""
    detail = "It was changed since you read it: get it again, look at what changed, and send your change with its ETag."
    return Problem(status.HTTP_412_PRECONDITION_FAILED, detail)


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """Turn an error into an answer; None for a fault of ours, which becomes a 500."""
    if isinstance(error, STALE):
        error = changed_meanwhile()
    if isinstance(error, ValidationError):
        set_rollback()
        return problem(422, "Correct what is listed under errors.", errors=_errors(error))
    if isinstance(error, exceptions.ValidationError):
        set_rollback()
        return problem(422, "Correct what is listed under errors.", errors=_listed(error.detail))
    if isinstance(error, Http404):
        error = exceptions.NotFound("There is nothing here that you may see.")
    if isinstance(error, PermissionDenied) and not error.args:
        error = exceptions.PermissionDenied("Your role does not allow it: ask an administrator for one that does.")
    response = exception_handler(error, context)
    if response is None:
        return None
    detail = response.data.get("detail", "") if isinstance(response.data, dict) else ""
    return problem(response.status_code, str(detail), headers=dict(response.items()))


def problem(
    code: int, detail: str, *, errors: dict[str, list[str]] | None = None, headers: dict[str, str] | None = None
) -> Response:
    """Return an answer with problem details.

    Args:
        code: the HTTP status.
        detail: what is wrong and what to do.
        errors: what is wrong with each field; what concerns none stands under an empty name.
        headers: of the answer.
    """
    data: dict[str, Any] = {"title": HTTPStatus(code).phrase, "status": code, "detail": detail}
    if errors:
        data["errors"] = errors
    kept = {name: value for name, value in (headers or {}).items() if name in {"WWW-Authenticate", "Retry-After"}}
    return Response(data, status=code, headers=kept, content_type=MEDIA_TYPE)


def _errors(error: ValidationError) -> dict[str, list[str]]:
    if not hasattr(error, "error_dict"):
        return {"": error.messages}
    return {name if name != NON_FIELD_ERRORS else "": messages for name, messages in error.message_dict.items()}


def _listed(detail: Any, path: str = "") -> dict[str, list[str]]:
    """Name each error by the path to its field, such as `obligations.3.number`."""
    items: Iterable[tuple[str, Any]]
    if isinstance(detail, dict):
        items = detail.items()
    elif isinstance(detail, list) and any(isinstance(one, dict | list) for one in detail):
        items = ((str(place), one) for place, one in enumerate(detail) if one)
    else:
        return {path: [str(one) for one in (detail if isinstance(detail, list) else [detail])]}
    found: dict[str, list[str]] = {}
    for name, inner in items:
        here = path if name == "non_field_errors" else f"{path}.{name}".lstrip(".")
        found |= _listed(inner, here)
    return found
