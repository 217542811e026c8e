"""The forms of an organisation's words."""

from __future__ import annotations

from django import forms
from django.http import QueryDict

from registers.models import Term
from registers.querysets import offered


class TermForm(forms.Form):
    """Takes a word."""

    name = forms.CharField(label="Word", max_length=255)


class MergeForm(forms.Form):
    """Chooses the word that another one becomes."""

    def __init__(self, data: QueryDict | None, *, term: Term) -> None:
        super().__init__(data)
        others = offered(type(term)._default_manager.filter(organisation=term.organisation)).exclude(pk=term.pk)
        self.fields["into"] = forms.ModelChoiceField(others, label="Merge into", empty_label="Choose a word")
