"""Page after page, each by where the last one ended, so that what is added meanwhile moves nothing."""

from __future__ import annotations

from rest_framework.pagination import CursorPagination


class Pages(CursorPagination):
    page_size = 50
    max_page_size = 200
    page_size_query_param = "size"
    ordering = ("pk",)
    cursor_query_description = "Where the page begins: taken from `next` or `previous`."
    page_size_query_description = "How many rows a page has, at most 200."
