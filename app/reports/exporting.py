"""Tables as CSV, streamed, or as a workbook from a temporary file: flat in memory whatever their length."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from tempfile import TemporaryFile
from typing import Any

from django.http import FileResponse, Http404, StreamingHttpResponse
from obligations.exporting import BATCH, MEDIA_TYPES
from registers.importing.literal import mark


def table_response(name: str, form: str, rows: Iterable[list[Any]]) -> StreamingHttpResponse:
    """Return a table to download.

    Args:
        name: of the file and the sheet, without an ending.
        form: `csv` or `xlsx`.
        rows: text, dates and numbers; the first is the header.

    Raises:
        Http404: there is no such format.
    """
    if form == "csv":
        response = StreamingHttpResponse(_csv(rows), content_type=MEDIA_TYPES[form])
        response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
        return response
    if form != "xlsx":
        raise Http404("No such format")
    # Only now: a web server of half a gigabyte holds it only if somebody asks for a workbook.
    from obligations.workbook import write  # noqa: PLC0415

    file = TemporaryFile()  # noqa: SIM115 - the answer that sends it closes it
    write(rows, file, name[:31])
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename=f"{name}.xlsx", content_type=MEDIA_TYPES[form])


def _csv(rows: Iterable[list[Any]]) -> Iterator[bytes]:
    pieces: list[str] = []
    writer = csv.writer(_Sink(pieces))
    # Excel knows by the mark that it is UTF-8.
    yield b"\xef\xbb\xbf"
    for number, row in enumerate(rows):
        # Nobody reads these files back in, so no text would be another one there.
        writer.writerow([mark(cell, lambda _: False) if isinstance(cell, str) else cell for cell in row])
        if number % BATCH == 0:
            yield "".join(pieces).encode()
            pieces.clear()
    yield "".join(pieces).encode()


class _Sink:
    """What the csv module writes to: a list of pieces."""

    def __init__(self, pieces: list[str]) -> None:
        self.write = pieces.append
