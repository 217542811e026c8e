"""Choosing several files in a form."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.files.base import File


class FilesInput(forms.ClearableFileInput):
    """Takes as many files as are chosen."""

    allow_multiple_selected = True


class FilesField(forms.FileField):
    """The files that were chosen, as a list; what is in them is looked at when they are stored."""

    widget = FilesInput

    def clean(self, data: Any, initial: Any = None) -> list[File[bytes]]:
        """Return the files; an empty one is refused by its name when it is stored, not here, where it has none."""
        files = [file for file in data if file] if isinstance(data, list | tuple) else [data] if data else []
        if not files and self.required:
            raise forms.ValidationError(self.error_messages["required"], code="required")
        return files
