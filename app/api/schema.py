"""What every answer of the API can be besides the one that was asked for, written into its OpenAPI description."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension

from api.problems import MEDIA_TYPE

PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "Problem details (RFC 9457).",
    "required": ["title", "status", "detail"],
    "properties": {
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What is wrong, and what to do about it."},
        "errors": {
            "type": "object",
            "description": "What is wrong with each field; what concerns none stands under an empty name.",
            "additionalProperties": {"type": "array", "items": {"type": "string"}},
        },
    },
}
ALWAYS = {
    "401": "No token, or one that opens nothing.",
    "403": "Your role or your token does not allow it.",
    "404": "There is nothing here that you may see.",
    "406": "Only JSON is spoken.",
    "429": "Too many requests: wait as long as Retry-After says.",
}
LISTING = {"422": "A parameter makes no sense: see errors."}
SENDING = {
    "400": "What was sent is no JSON.",
    "415": "What was sent is not of a kind that is taken.",
    "422": "A value is missing or not allowed: see errors.",
}
CREATING = {"409": "The first request with this Idempotency-Key is still being worked on."}
CHANGING = {
    "412": "The row was changed since you read it.",
    "428": "Send the ETag of what you read as If-Match.",
}


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # it has no types
    target_class = "api.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "A token of yours, made in your account."}


def with_problems(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Describe the problems that each operation can answer with."""
    for schema in result["components"]["schemas"].values():
        _with_nothing(schema)
    result["components"]["schemas"]["Problem"] = PROBLEM
    for operations in result["paths"].values():
        for method, operation in operations.items():
            for status, description in _problems(method, operation).items():
                content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
                operation["responses"].setdefault(status, {"description": description, "content": content})
            _with_headers(method, operation)
    return result


def _with_nothing(schema: dict[str, Any]) -> None:
    """Let what is only read be empty where nothing is recorded, which the generator leaves out."""
    for one in schema.get("properties", {}).values():
        if one.get("readOnly") and "enum" in one and "" not in one["enum"]:
            one["enum"] = [*one["enum"], ""]


def _problems(method: str, operation: dict[str, Any]) -> dict[str, str]:
    sent = {one["name"] for one in operation.get("parameters", []) if one["in"] == "header"}
    found = dict(ALWAYS)
    found |= SENDING if method in {"post", "patch"} else LISTING
    if "Idempotency-Key" in sent:
        found |= CREATING
    if "If-Match" in sent:
        found |= CHANGING
    return found


def _with_headers(method: str, operation: dict[str, Any]) -> None:
    etag = {"ETag": {"schema": {"type": "string"}, "description": "Names this state of the row."}}
    single = not operation["operationId"].startswith("list_")
    for status in ("200", "201"):
        if single and status in operation["responses"]:
            operation["responses"][status].setdefault("headers", etag)
