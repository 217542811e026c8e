"""Every address that the site answers, for tests that must leave none out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RoutePattern

# What stands in for an address's parameters.
VALUES = {"code": "WRL", "pk": "1", "int": "1", "str": "x", "slug": "x", "uuid": "00000000-0000-0000-0000-000000000000"}


class Address(NamedTuple):
    """A name, and an address that it may lead to."""

    name: str
    path: str


def addresses() -> list[Address]:
    """Return each pattern of the site by its name, as `reverse` takes it, with an address that fits it."""
    return sorted(set(_walk(get_resolver().url_patterns, "/")))


def _walk(patterns: list[URLPattern | URLResolver], prefix: str, within: str = "") -> Iterator[Address]:
    for pattern in patterns:
        path = prefix + _filled(pattern)
        if isinstance(pattern, URLResolver):
            space = f"{within}{pattern.namespace}:" if pattern.namespace else within
            yield from _walk(pattern.url_patterns, path, space)
        else:
            yield Address(f"{within}{pattern.name}" if pattern.name else f"without a name: {path}", path)


def _filled(pattern: URLPattern | URLResolver) -> str:
    """Return the pattern's part of an address, its parameters replaced."""
    text = str(pattern.pattern)
    if isinstance(pattern.pattern, RoutePattern):
        for name, converter in pattern.pattern.converters.items():
            kind = type(converter).__name__.removesuffix("Converter").lower().replace("string", "str")
            value = VALUES.get(name) or VALUES[kind]
            for form in (f"<{kind}:{name}>", f"<{name}>"):
                text = text.replace(form, value)
        return text
    return {r"^confirm-email/(?P<key>[-:\w]+)/$": "confirm-email/x/"}.get(
        text, "password/reset/key/1-x/" if "uidb36" in text else text.lstrip("^").rstrip("$")
    )
