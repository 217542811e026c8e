"""The icons: strokes on a grid of 16 by 16. A state has a shape of its own, so that it is known without its colour."""

from __future__ import annotations

ICONS: dict[str, str] = {
    # States.
    "overdue": "M8 1.8 15 14H1ZM8 6v3.6m0 2v.4",
    "due_soon": "M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13ZM8 4.6V8l2.4 1.6",
    "upcoming": "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2Z",
    "in_review": "M1 8s2.4-4.4 7-4.4S15 8 15 8s-2.4 4.4-7 4.4S1 8 1 8Zm7-1.8a1.8 1.8 0 1 0 0 3.6 1.8 1.8 0 0 0 0-3.6Z",
    "no_date": "M2.5 2.5h11v11h-11zM5.5 8h5",
    "completed": "M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13ZM5 8.2l2.1 2.1L11 6.2",
    # Tools.
    "add": "M8 3v10M3 8h10",
    "all": "M2 4h12M2 8h12M2 12h12",
    "ascending": "M8 13V3.5M4 7.5l4-4 4 4",
    "close": "m3.5 3.5 9 9m0-9-9 9",
    "descending": "M8 3v9.5M4 8.5l4 4 4-4",
    "document": "M4 1.8h5.5L13 5.3v8.9H4ZM9.3 2v3.5h3.5M6.3 8.5h4.2m-4.2 2.6h4.2",
    "edit": "m10.8 2.5 2.7 2.7-8 8-3.5.8.8-3.5z",
    "inspection": "M5.5 3H3v11h10V3h-2.5M5.5 1.8h5v2.4h-5zM5.5 9.3l1.8 1.8 3.4-3.6",
    "menu": "m4 6 4 4 4-4",
    "next": "m6 3 5 5-5 5",
    "previous": "m10 3-5 5 5 5",
    "recurring": "M13.5 8a5.5 5.5 0 0 1-10 3.2M2.5 8a5.5 5.5 0 0 1 10-3.2m.5-2.8v3h-3M3 14v-3h3",
    "search": "M7 2a5 5 0 1 0 0 10A5 5 0 0 0 7 2Zm3.7 8.7 3.3 3.3",
}
