"""Forms that change a row that somebody else may change at the same time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.http import QueryDict

from registers.services.changing import StaleRow

if TYPE_CHECKING:
    ModelForm = forms.ModelForm[models.Model]
else:
    ModelForm = forms.ModelForm

AnyForm = TypeVar("AnyForm", bound=forms.BaseForm)


def day_input() -> forms.DateInput:
    """Return a date control that browsers draw with a calendar."""
    return forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})


def add_errors(form: forms.BaseForm, error: ValidationError) -> None:
    """Show a service's refusal at the fields that it names, or else above the form."""
    if not hasattr(error, "error_dict"):
        form.add_error(None, error.messages)
        return
    for name, messages in error.message_dict.items():
        form.add_error(name if name in form.fields else None, messages)


class ChangeForm(ModelForm):
    """Carries the values that its page was opened with, so that only what this person changed is stored."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.show_hidden_initial = self.instance.pk is not None
            # What Django gives those of which the form says nothing.
            if isinstance(field.widget, forms.Textarea) and field.widget.attrs["rows"] == "10":
                field.widget.attrs["rows"] = "4"

    def clean(self) -> dict[str, Any]:
        """Keep line ends as the register has them: browsers send those of old terminals."""
        for name, value in self.cleaned_data.items():
            if isinstance(value, str):
                self.cleaned_data[name] = value.replace("\r\n", "\n")
        return self.cleaned_data

    def _post_clean(self) -> None:
        """Leave the checks of the whole row to the service, which knows what is stored."""

    @property
    def values(self) -> dict[str, Any]:
        """The row's fields with what this person entered."""
        return {name: self.cleaned_data[name] for name in self._own}

    @property
    def changes(self) -> dict[str, Any]:
        """The fields that this person changed, with their new values."""
        return {name: self.cleaned_data[name] for name in self.changed_data if name in self._own}

    @property
    def opened(self) -> dict[str, Any]:
        """The fields with the values that the page was opened with."""
        return {name: self._opened(name) for name in self._own if self.add_prefix(f"initial-{name}") in self.data}

    def conflict(self, stale: StaleRow) -> None:
        """Say what somebody else stored meanwhile, and take it as seen: saving again stores this person's values."""
        data = self.data.copy() if isinstance(self.data, QueryDict) else QueryDict(mutable=True)
        for name in stale.fields:
            field, value = self.fields[name], getattr(stale.current, name)
            data[f"initial-{name}"] = field.prepare_value(value.pk if isinstance(value, models.Model) else value)
            label = field.label or name
            self.add_error(
                name,
                f"Somebody else changed this to “{_in_words(stale.current, name)}” while you had the page open. "
                f"Your {str(label).lower()} is below: save again to store it, or put theirs back.",
            )
        self.data = data

    @property
    def _own(self) -> list[str]:
        return [name for name in self.fields if name in {field.name for field in self.instance._meta.fields}]

    def _opened(self, name: str) -> Any:
        value = self.fields[name].to_python(self.data.get(f"initial-{name}"))
        return value.replace("\r\n", "\n") if isinstance(value, str) else value


def _in_words(row: models.Model, name: str) -> str:
    display = getattr(row, f"get_{name}_display", None)
    value = display() if display else getattr(row, name)
    return "nothing" if value in (None, "") else str(value)
