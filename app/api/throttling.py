"""How often may be asked: counted in the cache that all workers share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.request import Request
from rest_framework.throttling import UserRateThrottle

from api.authentication import token_in

if TYPE_CHECKING:
    from rest_framework.views import APIView


class PerToken(UserRateThrottle):
    """Each token has a share of its own, and so has its person in the browser."""

    scope = "token"

    def get_cache_key(self, request: Request, view: APIView) -> str | None:
        token = token_in(request)
        if token:
            return self.cache_format % {"scope": self.scope, "ident": f"token-{token.pk}"}
        return super().get_cache_key(request, view)


class Writing(PerToken):
    """Changes take more of a small host than reading does."""

    scope = "writing"

    def allow_request(self, request: Request, view: APIView) -> bool:
        return request.method in ("GET", "HEAD", "OPTIONS") or super().allow_request(request, view)
