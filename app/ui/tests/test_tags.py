from __future__ import annotations

from datetime import date, timedelta

import pytest
from django import forms
from django.template import Context, Template
from django.test import RequestFactory

from ui.templatetags.ui import away

TODAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (0, "today"),
        (1, "tomorrow"),
        (-1, "yesterday"),
        (6, "in 6 days"),
        (-10, "10 days ago"),
        (60, "in 60 days"),
        (90, "in 3 months"),
        (-730, "24 months ago"),
        (1100, "in 3 years"),
    ],
)
def test_a_distance_is_said_as_people_say_it(days: int, words: str) -> None:
    assert away(TODAY + timedelta(days=days), TODAY) == words


class _Form(forms.Form):
    due = forms.DateField(label="Due date", help_text="Such as 2026-11-23.")


def _render(template: str, **context: object) -> str:
    return Template("{% load ui %}" + template).render(Context(context))


def test_a_field_is_tied_to_its_hint_and_its_error() -> None:
    form = _Form({"due": "soon"})
    html = _render("{% field form.due %}", form=form)
    assert 'aria-describedby="id_due-hint id_due-error"' in html
    assert 'aria-invalid="true"' in html
    assert 'id="id_due-hint"' in html
    assert 'id="id_due-error"' in html
    assert 'value="soon"' in html


def test_a_sound_field_carries_no_error() -> None:
    html = _render("{% field form.due %}", form=_Form({"due": "2026-11-23"}))
    assert "aria-invalid" not in html
    assert "Error" not in html


def test_a_state_is_a_word_and_a_shape_besides_its_colour() -> None:
    html = _render("{% state 'overdue' %}")
    assert "Overdue" in html
    assert "<svg" in html


def test_a_query_keeps_what_it_does_not_change() -> None:
    request = RequestFactory().get("/", {"q": "dust & noise", "at": "3", "size": "25"})
    assert _render("{% with_query at='' %}", request=request) == "?q=dust+%26+noise&amp;size=25"
    assert _render("{% with_query at=4 size='' %}", request=request) == "?q=dust+%26+noise&amp;at=4"
