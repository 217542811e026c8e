"""The API's description, for programs and for people."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

from accounts.http import SignedInRequest
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema
from drf_spectacular.validation import validate_schema
from rest_framework.request import Request
from rest_framework.response import Response

import api.schema  # noqa: F401 - tells the generator of our tokens
from api.base import ApiView

METHODS = ("get", "post", "patch")


class Operation(NamedTuple):
    """One thing that can be asked, as the reference shows it."""

    anchor: str
    method: str
    path: str
    summary: str
    description: str
    parameters: list[dict[str, Any]]
    fields: list[dict[str, Any]]
    answers: list[tuple[str, str]]


@lru_cache(maxsize=1)
def description() -> dict[str, Any]:
    """Return the OpenAPI document; it is made once a process, when somebody asks for it."""
    document: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]  # it has no types
    validate_schema(document)  # type: ignore[no-untyped-call]  # it has no types
    return document


class Schema(ApiView):
    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        return Response(description())


@login_required
@require_safe
def page(request: SignedInRequest) -> HttpResponse:
    """Show the description to people, by what it is about."""
    document = description()
    tags: dict[str, list[Operation]] = {}
    for path, operations in document["paths"].items():
        for method in METHODS:
            if method in operations:
                operation = operations[method]
                tags.setdefault(operation["tags"][0], []).append(_shown(document, path, method, operation))
    return render(request, "api/reference.html", {"info": document["info"], "tags": tags.items()})


def _shown(document: dict[str, Any], path: str, method: str, operation: dict[str, Any]) -> Operation:
    content = operation.get("requestBody", {}).get("content", {})
    schema = _resolved(document, next(iter(content.values()))["schema"]) if content else {}
    fields = [
        {"name": name, "is_required": name in schema.get("required", ()), "kind": _kind(document, one)}
        | {"description": one.get("description", "")}
        for name, one in schema.get("properties", {}).items()
    ]
    parameters = [
        {**one, "kind": _kind(document, one["schema"]), "place": one["in"]} for one in operation.get("parameters", [])
    ]
    answers = [(status, one.get("description") or "As asked for.") for status, one in operation["responses"].items()]
    return Operation(
        operation["operationId"],
        method.upper(),
        path,
        operation.get("summary", ""),
        operation.get("description", ""),
        parameters,
        fields,
        sorted(answers),
    )


def _resolved(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in schema:
        return schema
    found: dict[str, Any] = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    return found


def _kind(document: dict[str, Any], schema: dict[str, Any]) -> str:
    """Return what a value is, in words."""
    options = schema.get("oneOf") or schema.get("allOf") or []
    if options:
        return " or ".join(dict.fromkeys(filter(None, (_kind(document, one) for one in options))))
    schema = _resolved(document, schema)
    if words := [str(one) for one in schema.get("enum", []) if one not in (None, "")]:
        return "one of " + ", ".join(words)
    if schema.get("type") == "array":
        return f"list of {_kind(document, schema['items'])}"
    return str(schema.get("format") or schema.get("type") or "")
