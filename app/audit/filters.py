"""What the audit trail can be narrowed by, as it stands in the address of the page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from accounts.models import User
from django import forms
from registers.models import Project

from audit.models import in_words
from audit.querysets import AuditEventQuerySet, actions_in, actors_in

# The actor of what nobody did by hand.
SYSTEM = "system"


def _day(label: str) -> forms.DateField:
    return forms.DateField(label=label, required=False, widget=forms.DateInput(attrs={"type": "date"}))


class TrailFilter(forms.Form):
    """Reads the filters from an address; a value that makes no sense is named, and does not filter."""

    q = forms.CharField(label="Search", required=False, max_length=200)
    since = _day("From")
    until = _day("To")

    def __init__(self, data: Mapping[str, Any], *, project: Project) -> None:
        super().__init__(data, auto_id="filter-%s")
        people = User.objects.filter(pk__in=actors_in(project)).order_by("name", "email")
        actors = [("", "Anybody"), *((str(person.pk), str(person)) for person in people), (SYSTEM, "Enssol")]
        actions = [("", "Anything"), *((action, in_words(action)) for action in actions_in(project))]
        self.fields["actor"] = forms.ChoiceField(label="Who", required=False, choices=actors)
        self.fields["action"] = forms.ChoiceField(label="What", required=False, choices=actions)
        self._timezone = project.timezone
        self.is_valid()

    def narrow(self, events: AuditEventQuerySet) -> AuditEventQuerySet:
        """Keep what the filters ask for."""
        values = self.cleaned_data
        events = events.on_days(values.get("since"), values.get("until"), self._timezone)
        if values.get("actor"):
            events = events.filter(actor=None if values["actor"] == SYSTEM else values["actor"])
        if values.get("action"):
            events = events.filter(action=values["action"])
        return events.search(values["q"]) if values.get("q") else events

    @property
    def given(self) -> dict[str, str]:
        """The filters that hold, as they stand in an address."""
        return {name: self.data[name] for name in self.fields if self.cleaned_data.get(name)}
