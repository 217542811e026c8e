"""What all addresses of the API have in common: who may, of which project, in which version, once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, cast

from accounts.models import User
from accounts.roles import PERMISSIONS
from allauth.account.adapter import get_adapter
from audit.models import Channel
from audit.origin import changes_from
from django.core.exceptions import PermissionDenied as DeniedByRole
from django.core.serializers.json import DjangoJSONEncoder
from django.db import IntegrityError, models, transaction
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.http import parse_etags, quote_etag
from registers.access import Access, access_or_404
from registers.models import Project
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from api.authentication import token_in
from api.models import KeptAnswer
from api.problems import Problem, changed_meanwhile
from api.serializers.registers import GREATEST

KEPT = timedelta(days=1)
SAFE = ("GET", "HEAD", "OPTIONS")


class ApiView(GenericAPIView[Any]):
    """An address of the API. What it changes is recorded as come through the API."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with changes_from(Channel.API, get_adapter().get_client_ip(request)):
            return super().dispatch(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if not hasattr(self, (request.method or "").lower()):
            self.http_method_not_allowed(request)
        token = token_in(request)
        if token and not token.may_write and request.method not in SAFE:
            raise PermissionDenied("This token only reads: make one that may change things.")

    @property
    def user(self) -> User:
        return cast("User", self.request.user)

    def projects(self) -> models.QuerySet[Project]:
        """Return the projects that the person may see, or the token's only one."""
        found = Project.objects.visible_to(self.user).select_related("organisation")
        token = token_in(self.request)
        return found.filter(pk=token.project_id) if token and token.project_id else found

    def values(self, **context: Any) -> dict[str, Any]:
        """Return what was sent, checked.

        Raises:
            ValidationError: a value is missing or not allowed.
        """
        serializer = self.get_serializer(data=self.request.data, context={**self.get_serializer_context(), **context})
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)


class ProjectView(ApiView):
    """An address within a project. A project that is hidden is not there."""

    # What reading and changing take. What reaches only one's own is let through here: `permit` looks at the row.
    reading = "register.view"
    writing = ""
    access: Access

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if kwargs.get("pk", 0) > GREATEST:
            raise Http404
        token = token_in(request)
        if token and token.project and token.project.code != kwargs["code"]:
            raise Http404
        self.access = access_or_404(self.user, kwargs["code"])
        if request.method in SAFE:
            self.access.require(self.reading)
        elif not self._may_write():
            raise DeniedByRole

    def _may_write(self) -> bool:
        names = PERMISSIONS.keys() & {self.writing, f"{self.writing}.own"}
        return any(self.access.may(name) for name in names)

    @property
    def project(self) -> Project:
        return self.access.project

    def get_serializer_context(self) -> Any:
        context = super().get_serializer_context()
        # While the schema is written there is no project.
        return {**context, "project": self.access.project} if hasattr(self, "access") else context


def etag_of(data: Mapping[str, Any]) -> str:
    """Return the ETag of what is sent of a row."""
    text = json.dumps(data, sort_keys=True, cls=DjangoJSONEncoder)
    return quote_etag(hashlib.sha256(text.encode()).hexdigest()[:32])


def answer(request: Request, data: Mapping[str, Any], status: int = 200, **headers: str) -> Response:
    """Answer with a row and its ETag; who has it already is told so."""
    etag = etag_of(data)
    if request.method in SAFE and etag in parse_etags(request.headers.get("If-None-Match", "")):
        return Response(status=304, headers={"ETag": etag})
    return Response(data, status=status, headers={"ETag": etag, **headers})


def require_unchanged(request: Request, serializer: serializers.BaseSerializer[Any]) -> None:
    """Let only those change a row who say which state of it they read.

    Raises:
        Problem: no If-Match was sent (428), or the row is another one by now (412).
    """
    sent = request.headers.get("If-Match", "")
    if not sent:
        raise Problem(428, "Send the ETag of what you read as If-Match, so that nobody's change is overwritten.")
    if sent.strip() != "*" and etag_of(serializer.data) not in parse_etags(sent):
        raise changed_meanwhile()


class CreatesOnce(ApiView):
    """An address at which a POST with an Idempotency-Key creates once, however often it is sent within a day."""

    def create(self, request: Request) -> Response:
        raise NotImplementedError

    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        key = request.headers.get("Idempotency-Key", "").strip()
        if not key:
            return self.create(request)
        if len(key) > 200:
            raise Problem(400, "The Idempotency-Key is too long: send at most 200 characters, such as a UUID.")
        text = json.dumps([request.path, request.data], sort_keys=True, default=_said)
        return self._once(request, key, hashlib.sha256(text.encode()).hexdigest())

    def _once(self, request: Request, key: str, fingerprint: str) -> Response:
        now = timezone.now()
        # Longer than the web server lets a request take, nobody works on it any more: the process was killed.
        abandoned = models.Q(status=None, at__lt=now - timedelta(minutes=1))
        KeptAnswer.objects.filter(models.Q(at__lt=now - KEPT) | abandoned).delete()
        try:
            with transaction.atomic():
                # Another request with this key waits here, and then finds the answer of the first.
                kept = KeptAnswer.objects.create(user=self.user, key=key, fingerprint=fingerprint)
        except IntegrityError:
            return self._again(key, fingerprint)
        try:
            with transaction.atomic():
                response = self.create(request)
                kept.status = response.status_code
                kept.body = json.loads(json.dumps(response.data, cls=DjangoJSONEncoder))
                kept.headers = {name: response[name] for name in ("ETag", "Location") if name in response}
                kept.save()
        except BaseException:
            # Nothing was created: with the same key it can be tried again.
            kept.delete()
            raise
        return response

    def _again(self, key: str, fingerprint: str) -> Response:
        kept = KeptAnswer.objects.get(user=self.user, key=key)
        if kept.fingerprint != fingerprint:
            raise Problem(422, "This Idempotency-Key came with another request before: send a new one.")
        if kept.status is None:
            raise Problem(409, "The request with this Idempotency-Key is still being worked on: ask again shortly.")
        return Response(kept.body, status=kept.status, headers={**kept.headers, "Idempotency-Replayed": "true"})


def _said(value: Any) -> Any:
    """Return what a file says, for the fingerprint of the form that it came in."""
    if hasattr(value, "chunks"):
        digest = hashlib.sha256()
        for chunk in value.chunks():
            digest.update(chunk)
        value.seek(0)
        return [value.name, digest.hexdigest()]
    return str(value)
