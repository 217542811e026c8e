"""Sending stored files: as an attachment, or to be looked at where nothing in them can act."""

from __future__ import annotations

from django.http import FileResponse, Http404

from files.models import StoredFile
from files.services import open_stored

# What browsers show by themselves, without a program of the file's own choosing.
IMAGES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
PREVIEWED = IMAGES | {"application/pdf"}


def file_response(file: StoredFile, name: str, *, inline: bool = False) -> FileResponse:
    """Return a stored file to download, or with `inline` to look at if it is an image or a PDF.

    Args:
        file: the stored file; the caller has checked that the person may see it.
        name: what it is called when it is saved.
        inline: show it instead; for other kinds than images and PDFs it makes no difference.

    Raises:
        Http404: the bytes are lost.
    """
    shown = inline and file.media_type in PREVIEWED
    try:
        content = open_stored(file)
    except OSError as error:
        raise Http404("The file is lost") from error
    response = FileResponse(content, as_attachment=not shown, filename=name, content_type=file.media_type)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'self'; sandbox"
    if shown:
        response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response
