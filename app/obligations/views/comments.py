"""Saying something about an obligation or one of its occurrences."""

from __future__ import annotations

from accounts.http import SignedInRequest
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods
from registers.forms.changing import add_errors

from obligations.forms.comments import CommentForm
from obligations.services.comments import comment_add
from obligations.views.findings import number_in, obligation_or_404


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def comment_add_page(request: SignedInRequest, code: str, pk: int) -> HttpResponse:
    """Add a comment; what cannot be stored stands in the form again, with why."""
    access, obligation = obligation_or_404(request, code, pk)
    access.require("comment.add")
    wanted = number_in(request, "occurrence")
    occurrence = None if wanted is None else get_object_or_404(obligation.occurrences.all(), pk=wanted)
    form = CommentForm(request.POST if request.method == "POST" else None)
    subject = occurrence or obligation
    if form.is_valid():
        try:
            comment = comment_add(
                actor=request.user, obligation=obligation, occurrence=occurrence, text=form.cleaned_data["text"]
            )
        except ValidationError as error:
            add_errors(form, error)
        else:
            people = ", ".join(str(person) for person in comment.mentions.all())
            messages.success(
                request, f"Your comment is added. It mentions {people}." if people else "Your comment is added."
            )
            return redirect(f"{subject.get_absolute_url()}#timeline")
    context = {
        "project": access.project,
        "obligation": obligation,
        "occurrence": occurrence,
        "form": form,
        "people": access.project.people(),
    }
    return render(request, "obligations/comment_add.html", context, status=422 if form.is_bound else 200)
