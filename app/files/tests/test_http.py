"""Files are sent so that nothing in them can act on whoever opens them."""

from __future__ import annotations

import pytest
from accounts.models import Organisation
from django.http import FileResponse, Http404

from files.http import file_response
from files.models import StoredFile
from files.services import store
from files.storage import Folder
from files.tests.conftest import upload


def sent(organisation: Organisation, name: str, content: bytes, *, inline: bool) -> FileResponse:
    file = store(organisation=organisation, upload=upload(name, content), actor=None)
    response = file_response(file, name, inline=inline)
    assert response.getvalue() == content
    response.close()
    return response


def disposition(file: StoredFile, name: str) -> str:
    response = file_response(file, name)
    response.close()
    return response.headers["Content-Disposition"]


@pytest.mark.parametrize("inline", [True, False])
def test_every_file_is_boxed_in(organisation: Organisation, inline: bool) -> None:
    response = sent(organisation, "report.pdf", b"%PDF-1.7\n", inline=inline)
    policy = {part.strip() for part in response.headers["Content-Security-Policy"].split(";")}
    assert policy == {"sandbox", "default-src 'none'", "frame-ancestors 'self'"}
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Content-Type"] == "application/pdf"
    assert response.headers["Content-Disposition"].split(";")[0] == ("inline" if inline else "attachment")


def test_what_browsers_cannot_show_safely_is_saved(organisation: Organisation) -> None:
    response = sent(organisation, "notes.txt", b"<b>\n"[1:], inline=True)
    assert response.headers["Content-Disposition"] == 'attachment; filename="notes.txt"'


def test_a_name_cannot_leave_its_header(organisation: Organisation) -> None:
    file = store(organisation=organisation, upload=upload("x.csv", b"1,2\n"), actor=None)
    assert (
        disposition(file, 'a"; filename="run.exe\\.csv') == 'attachment; filename="a\\"; filename=\\"run.exe\\\\.csv"'
    )
    assert disposition(file, "März.csv") == "attachment; filename*=utf-8''M%C3%A4rz.csv"


def test_a_lost_file_is_not_there(organisation: Organisation) -> None:
    file = store(organisation=organisation, upload=upload("x.csv", b"1,2\n"), actor=None)
    Folder().delete(f"{file.sha256[:2]}/{file.sha256[2:4]}/{file.sha256}")
    with pytest.raises(Http404):
        file_response(file, "x.csv")
