"""The forms of checklists and inspections."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from registers.forms.changing import ChangeForm, day_input

from obligations.forms.findings import ActForm, choose_from_people
from obligations.models import Answer, ChecklistItem, Inspection, Occurrence
from obligations.services.inspections import Answered

if TYPE_CHECKING:
    ModelChoiceField = forms.ModelChoiceField[Occurrence]
else:
    ModelChoiceField = forms.ModelChoiceField


class ChecklistItemForm(ChangeForm):
    class Meta:
        model = ChecklistItem
        fields = ("text", "guidance")
        labels = {"text": "What to look at", "guidance": "How to judge it"}
        help_texts = {
            "text": "One thing at a time, such as “Freeboard is at least 500 mm along the whole crest”.",
            "guidance": "If it needs saying: what is still all right, and what is a finding.",
        }


class DueDateField(ModelChoiceField):
    """Offers occurrences by the day on which they are due."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.due_date:%-d %B %Y}"


class InspectionForm(ChangeForm):
    """Plans an inspection."""

    occurrence = DueDateField(
        label="For what is due",
        queryset=Occurrence.objects.none(),
        required=False,
        empty_label="For no date in particular",
        help_text="Performing it then offers to hand that in.",
    )

    class Meta:
        model = Inspection
        fields = ("planned_on", "inspector", "place", "location", "occurrence")
        labels = {"planned_on": "Planned for", "location": "Where"}
        help_texts = {"location": "Such as “TSF 1, north embankment”."}
        widgets = {"planned_on": day_input()}
        error_messages = {"planned_on": {"required": "Enter the day for which it is planned."}}

    def __init__(self, data: QueryDict | None, *, instance: Inspection) -> None:
        super().__init__(data, instance=instance)
        choose_from_people(self, "inspector", instance.project, instance.inspector_id)
        due = self.fields["occurrence"]
        if isinstance(due, forms.ModelChoiceField):
            of_obligation = instance.obligation.occurrences.filter(due_date__isnull=False)
            wanted = of_obligation.unfinished() | of_obligation.filter(pk=instance.occurrence_id or 0)
            due.queryset = wanted.order_by("due_date")


class Row(NamedTuple):
    """One question of the form: as it was asked, its two fields, and what somebody else answered meanwhile."""

    answer: Answer
    guidance: str
    result: forms.BoundField
    note: forms.BoundField
    stored: Answer | None


class PerformForm(ActForm):
    """Answers the questions of an inspection.

    Args:
        data: what was sent, or None for what has been answered so far.
        inspection: as it is stored.
        asked: its questions.
        stored: the answers that somebody else saved while this form was open, by item.
    """

    performed_on = forms.DateField(
        label="Inspected on", widget=day_input(), error_messages={"required": "Enter the day on which you inspected."}
    )
    summary = forms.CharField(
        label="Summary",
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="What there is to say about the whole: weather, people met, what was agreed.",
    )

    def __init__(self, data: QueryDict | None, *, inspection: Inspection, asked: list[Answer]) -> None:
        start: dict[str, Any] = {"performed_on": inspection.project.today, "summary": inspection.summary}
        for answer in asked:
            start |= {f"result_{answer.item_id}": answer.result, f"note_{answer.item_id}": answer.note}
        super().__init__(data, version=inspection.version, initial=start)
        self.asked = asked
        self.stored: dict[int | None, Answer] = {}
        for answer in asked:
            self.fields[f"result_{answer.item_id}"] = forms.ChoiceField(
                label=answer.question, choices=Answer.Result.choices, required=False, widget=forms.RadioSelect
            )
            self.fields[f"note_{answer.item_id}"] = forms.CharField(
                label=f"Note on “{answer.question}”", required=False, widget=forms.Textarea(attrs={"rows": 1})
            )

    @property
    def rows(self) -> list[Row]:
        """The questions in their order."""
        return [
            Row(
                answer,
                answer.item.guidance if answer.item else "",
                self[f"result_{answer.item_id}"],
                self[f"note_{answer.item_id}"],
                self.stored.get(answer.item_id),
            )
            for answer in self.asked
        ]

    @property
    def answers(self) -> list[Answered]:
        """What was entered."""
        return [
            Answered(
                answer.item_id,
                self.cleaned_data[f"result_{answer.item_id}"],
                self.cleaned_data[f"note_{answer.item_id}"].replace("\r\n", "\n"),
            )
            for answer in self.asked
            if answer.item_id
        ]

    @property
    def answered(self) -> int:
        """How many questions have an answer in the form as it stands."""
        return sum(bool(row.result.value()) for row in self.rows)

    def show_stored(self, current: Inspection, asked: list[Answer]) -> None:
        """Put what somebody else answered differently beside what was entered here, and take it as seen."""
        mine = {answer.item: (answer.result, answer.note) for answer in self.answers}
        self.stored = {
            answer.item_id: answer
            for answer in asked
            if answer.pk and mine.get(answer.item_id or 0, ("", "")) != (answer.result, answer.note)
        }
        self.upon(current.version)

    def blame(self, error: ValidationError) -> None:
        """Show a service's refusal at the fields that it names, or else above the form."""
        if not hasattr(error, "error_dict"):
            self.add_error(None, error.messages)
            return
        for name, messages in error.message_dict.items():
            self.add_error(name if name in self.fields else None, messages)
