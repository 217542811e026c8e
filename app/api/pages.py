"""Where the pages about the API are: its reference, tokens below a person's account and in a project.

What speaks JSON to programs takes 30 MB of a small host: it is loaded when somebody first asks for it.
"""

from __future__ import annotations

from importlib import import_module

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import URLResolver, path
from django.urls.resolvers import RoutePattern
from django.views.defaults import page_not_found, server_error

from api.views import tokens

NOWHERE = "There is no such address: the API's reference has those that there are."
FAULT = "This is a fault of ours and was written down: try again later, and tell whoever runs the site if it stays."


def reference(request: HttpRequest) -> HttpResponse:
    """Show the API's description to people."""
    response: HttpResponse = import_module("api.views.reference").page(request)
    return response


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer at an address that leads nowhere, to programs in their manner; Django calls it for the whole site."""
    if not request.path_info.startswith("/api/"):
        return page_not_found(request, exception)
    return _problem("Not Found", 404, NOWHERE)


def fault(request: HttpRequest) -> HttpResponse:
    """Answer after an error that nothing foresaw, to programs in their manner; Django calls it for the whole site."""
    if not request.path_info.startswith("/api/"):
        return server_error(request)
    return _problem("Internal Server Error", 500, FAULT)


def _problem(title: str, status: int, detail: str) -> HttpResponse:
    problem = {"title": title, "status": status, "detail": detail}
    return JsonResponse(problem, status=status, content_type="application/problem+json")


class OnDemand(URLResolver):
    """Addresses of a namespace, whose module is imported when one of them is asked for or written."""

    def _populate(self) -> None:
        """Do nothing where Django collects the names of all addresses, before it writes the site's first link.

        It finds those of a namespace by another resolver, which it makes when it needs one.
        """


site = [
    path("api-reference/", reference, name="api_reference"),
    OnDemand(RoutePattern("api/v1/"), "api.urls", app_name="api", namespace="api"),
]
account = [
    path("tokens/", tokens.token_list, name="token_list"),
    path("tokens/add/", tokens.token_add, name="token_add"),
    path("tokens/<int:pk>/revoke/", tokens.token_end, name="token_revoke"),
]
project = [
    path("tokens/", tokens.project_tokens, name="project_tokens"),
    path("tokens/<int:pk>/revoke/", tokens.project_token_end, name="project_token_revoke"),
]
