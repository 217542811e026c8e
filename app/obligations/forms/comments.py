"""Saying something about an obligation."""

from __future__ import annotations

from django import forms

from obligations.services.comments import LONGEST


class CommentForm(forms.Form):
    text = forms.CharField(
        label="Comment",
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Mention somebody by @ and their name or email: they find it in their work.",
        error_messages={"required": "Write something first."},
    )
