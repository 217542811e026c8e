"""How often a person may ask, with all their tokens together: counted in the cache that all workers share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.request import Request
from rest_framework.throttling import UserRateThrottle

if TYPE_CHECKING:
    from rest_framework.views import APIView


class Asking(UserRateThrottle):
    scope = "asking"


class Changing(UserRateThrottle):
    """Changes take more of a small host than reading does."""

    scope = "changing"

    def allow_request(self, request: Request, view: APIView) -> bool:
        return request.method in ("GET", "HEAD", "OPTIONS") or super().allow_request(request, view)
