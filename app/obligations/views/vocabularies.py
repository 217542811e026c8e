"""The pages of the words that an organisation uses for its obligations."""

from __future__ import annotations

from accounts.http import SignedInRequest
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST
from registers.access import Access, access_or_404
from registers.forms.changing import add_errors
from registers.forms.terms import MergeForm, TermForm
from registers.models import Word
from registers.services import terms

from obligations.services.vocabularies import KINDS, Vocabulary, term_merge, term_rename, use_counts


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def vocabulary_list(request: SignedInRequest, code: str, kind: str = "aspects") -> HttpResponse:
    """Show the words of one vocabulary with how often each is used, and add another."""
    access, vocabulary = _vocabulary_or_404(request, code, kind)
    form = TermForm(request.POST if request.method == "POST" else None)
    if form.is_bound:
        access.require("vocabulary.manage")
    if form.is_valid():
        try:
            term = terms.term_add(
                actor=request.user,
                project=access.project,
                vocabulary=vocabulary.model,
                name=form.cleaned_data["name"],
            )
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, f"“{term}” is added.")
            return redirect("vocabulary_list", code, kind)
    counts = use_counts(access.project, vocabulary)
    words = vocabulary.model._default_manager.filter(organisation=access.project.organisation).order_by("name")
    context = {
        "project": access.project,
        "kinds": KINDS,
        "kind": kind,
        "vocabulary": vocabulary,
        "words": [(word, counts.get(word.pk, 0)) for word in words],
        "form": form,
        "may_manage": access.may("vocabulary.manage"),
    }
    return render(request, "vocabularies/list.html", context, status=422 if form.is_bound else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def term_edit(request: SignedInRequest, code: str, kind: str, pk: int) -> HttpResponse:
    """Rename a word, or merge it into another."""
    access, vocabulary, term = _term_or_404(request, code, kind, pk)
    merging = request.method == "POST" and "into" in request.POST
    name = TermForm(None if merging or request.method != "POST" else request.POST, initial={"name": term.name})
    merge = MergeForm(request.POST if merging else None, term=term)
    try:
        if merge.is_valid():
            into = merge.cleaned_data["into"]
            number = term_merge(actor=request.user, project=access.project, kind=vocabulary, term=term, into=into)
            moved = f"{number} obligation{'s' * (number != 1)}"
            messages.success(request, f"“{term}” is merged into “{into}”: {moved} changed.")
            return redirect("vocabulary_list", code, kind)
        if name.is_valid():
            new = name.cleaned_data["name"]
            term_rename(actor=request.user, project=access.project, kind=vocabulary, term=term, name=new)
            messages.success(request, f"“{term}” is now “{new}”.")
            return redirect("vocabulary_list", code, kind)
    except ValidationError as error:
        add_errors(merge if merging else name, error)
    context = {
        "project": access.project,
        "kind": kind,
        "vocabulary": vocabulary,
        "term": term,
        "number": use_counts(access.project, vocabulary).get(term.pk, 0),
        "form": merge if merging else name,
        "name": name,
        "merge": merge,
    }
    return render(request, "vocabularies/term.html", context, status=422 if request.method == "POST" else 200)


@login_required
@require_POST
def term_retire(request: SignedInRequest, code: str, kind: str, pk: int) -> HttpResponse:
    """Offer a word to nobody any more, or bring it back."""
    access, _, term = _term_or_404(request, code, kind, pk)
    retired = request.POST.get("retired") == "yes"
    terms.term_retire(actor=request.user, project=access.project, term=term, retired=retired)
    said = "is retired: what uses it keeps it, and it is offered no more." if retired else "is offered again."
    messages.success(request, f"“{term}” {said}")
    return redirect("vocabulary_list", code, kind)


@login_required
@require_POST
def term_remove(request: SignedInRequest, code: str, kind: str, pk: int) -> HttpResponse:
    """Delete a word that nothing uses."""
    access, _, term = _term_or_404(request, code, kind, pk)
    name = str(term)
    try:
        terms.term_delete(actor=request.user, project=access.project, term=term)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("term_edit", code, kind, pk)
    messages.success(request, f"“{name}” is deleted.")
    return redirect("vocabulary_list", code, kind)


def _vocabulary_or_404(request: SignedInRequest, code: str, kind: str) -> tuple[Access, Vocabulary]:
    access = access_or_404(request.user, code)
    if kind not in KINDS:
        raise Http404("There is no such vocabulary")
    return access, KINDS[kind]


def _term_or_404(request: SignedInRequest, code: str, kind: str, pk: int) -> tuple[Access, Vocabulary, Word]:
    access, vocabulary = _vocabulary_or_404(request, code, kind)
    access.require("vocabulary.manage")
    words = vocabulary.model._default_manager.filter(organisation=access.project.organisation)
    return access, vocabulary, get_object_or_404(words, pk=pk)
