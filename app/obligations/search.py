"""Words that people type, as the database searches for them, and the places where it found them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.db import connection
from django.db.models.expressions import RawSQL
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString

from obligations.search_index import JOINED, PARTS, TABLE

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from registers.models import Project

    from obligations.models import Obligation
    from obligations.querysets import ObligationQuerySet

# More words than this narrow nothing further.
MOST_WORDS = 32
WORDS_AROUND = 24
# How many matches are weighed against each other: weighing takes ten times as long as finding. A whole number of pages.
RANKED = 2_000
# Around the words found, in what the database returns; they mean nothing in any text.
START, STOP = "\ue000", "\ue001"


def expression(text: str, vendor: str) -> str:
    """Return the search for all words of a text, the last one by its beginning; empty when it has none.

    A number such as 6-2(1) is a phrase: its parts stand one behind the other. Only letters and digits of what was typed
    get into the expression, so that nothing in it is an operator.
    """
    text = unicodedata.normalize("NFC", text)
    phrases = [parts for word in text.split() if (parts := re.findall(r"[^\W_]+", word))][:MOST_WORDS]
    if not phrases:
        return ""
    if vendor == "sqlite":
        return " ".join(f'"{" ".join(parts)}"' for parts in phrases) + " *"
    return " & ".join("(" + " <-> ".join(f"'{part}'" for part in parts) + ")" for parts in phrases)[:-1] + ":*)"


def matches(text: str, project: Project | None = None) -> RawSQL | list[int]:
    """Return the keys of the obligations that contain the words; for `pk__in`.

    Of a project only where to look is known, between its first key and its last: others' may be among them.

    Signs alone are no words: nothing contains them.
    """
    words = expression(text, connection.vendor)
    if not words:
        return []
    between, keys = _between(project)
    sql = f"SELECT rowid FROM {TABLE} WHERE {_condition()}{between}"  # noqa: S608  constants, and places for parameters
    if connection.vendor == "postgresql":
        # Searched once: without statistics of a new table it would search again for each obligation.
        sql = f"WITH found AS MATERIALIZED ({sql}) SELECT rowid FROM found"  # noqa: S608  as above
    return RawSQL(sql, [words, *keys])  # noqa: S611  as above


def best_first(
    obligations: ObligationQuerySet, text: str, first: int, number: int, project: Project | None = None
) -> list[int]:
    """Return the keys of some of the obligations that contain the words, the best match before all.

    Of more matches than `RANKED` only those added last are weighed; the others follow, the newest first.

    On SQLite the search leads and asks for each match whether it is among the obligations: the other way round it may
    choose to search once for each obligation.

    Args:
        obligations: among which to search.
        text: the words.
        first: how many matches to pass over.
        number: how many to return at most.
        project: whose obligations they all are, if it is one's.
    """
    words = expression(text, connection.vendor)
    if not words:
        return []
    among: QuerySet[Obligation] = obligations.order_by()
    if connection.vendor == "sqlite":
        among = among.extra(where=[f"obligations_obligation.id = {TABLE}.rowid"])  # noqa: S610  constants
        within, weight, rank, weighed_by = "EXISTS", "rank", "weight", []
    else:
        # PostgreSQL joins the two sets; asked for each match it might search once for each.
        within = f"{TABLE}.rowid IN"
        weight, weighed_by = "ts_rank(document, to_tsquery('english', %s))", [words]
        rank = "weight DESC, rowid"
    query, parameters = among.values("pk").query.sql_with_params()
    between, keys = _between(project)
    found = f"FROM {TABLE} WHERE {_condition()}{between} AND {within} ({query}) ORDER BY {TABLE}.rowid DESC LIMIT %s"
    if first < RANKED:
        newest = f"SELECT {TABLE}.rowid AS rowid, {weight} AS weight {found}"
        sql = f"SELECT rowid FROM ({newest}) AS newest ORDER BY {rank} LIMIT %s OFFSET %s"  # noqa: S608  Django's own
        values = [*weighed_by, words, *keys, *parameters, RANKED, number, first]
    else:
        sql = f"SELECT {TABLE}.rowid {found} OFFSET %s"
        values = [words, *keys, *parameters, number, first]
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return [pk for (pk,) in cursor.fetchall()]


def excerpts(text: str, pks: Sequence[int]) -> dict[int, SafeString]:
    """Return for each obligation where the words stand in it, marked; in one query."""
    words = expression(text, connection.vendor)
    if not (words and pks):
        return {}
    places = ", ".join(["%s"] * len(pks))
    if connection.vendor == "sqlite":
        # The plus sign has SQLite walk through the matches between two keys once, not search anew for each key.
        found = f"SELECT rowid, snippet({TABLE}, -1, %s, %s, '…', {WORDS_AROUND}) FROM {TABLE} WHERE {_condition()} AND"  # noqa: S608  constants
        parameters: list[str | int] = [START, STOP, words, min(pks), max(pks), *pks]
        sql = f"{found} rowid BETWEEN %s AND %s AND +rowid IN ({places})"
    else:
        document = " || ' ' || ".join(PARTS.values())
        found = f"SELECT o.id, ts_headline('english', {document}, to_tsquery('english', %s), %s) FROM {JOINED}"  # noqa: S608  constants
        sql = f"{found} WHERE o.id IN ({places})"
        options = f"StartSel={START}, StopSel={STOP}, MaxWords={WORDS_AROUND}, MinWords={WORDS_AROUND // 2}"
        parameters = [words, options, *pks]
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return {pk: marked(excerpt) for pk, excerpt in cursor.fetchall()}


def marked(excerpt: str) -> SafeString:
    """Return an excerpt as HTML: everything in it escaped, what stands between the two signs marked."""
    pieces = re.split(f"{START}([^{START}{STOP}]*){STOP}", excerpt)
    return format_html_join("", "{}", ((_piece(place, text),) for place, text in enumerate(pieces)))


def _piece(place: int, text: str) -> SafeString:
    return (
        format_html("<mark>{}</mark>", text) if place % 2 else conditional_escape(re.sub(f"[{START}{STOP}]", "", text))
    )


def _between(project: Project | None) -> tuple[str, list[int]]:
    """Return a condition that has the search pass over what lies before and behind a project's rows."""
    if project is None:
        return "", []
    end = "(SELECT {}(id) FROM obligations_obligation WHERE project_id = %s)"
    return f" AND rowid BETWEEN {end.format('min')} AND {end.format('max')}", [project.pk, project.pk]


def _condition() -> str:
    return f"{TABLE} MATCH %s" if connection.vendor == "sqlite" else "document @@ to_tsquery('english', %s)"
