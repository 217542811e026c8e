"""The kind of a file comes from its content, and its name has to agree."""

from __future__ import annotations

import struct
import tracemalloc

import pytest
from django.core.exceptions import ValidationError

from files.kinds import recognise
from files.tests.conftest import compound, upload, zipped

WINDOWS_INSTALLER = struct.pack("<IHH", 0xC1084, 0, 0) + b"\xc0\0\0\0\0\0\0\x46"
OOXML = ("[Content_Types].xml", "_rels/.rels")


@pytest.mark.parametrize(
    ("name", "content", "media_type"),
    [
        ("report.pdf", b"%PDF-1.7\n", "application/pdf"),
        ("REPORT.PDF", b"%PDF-1.7\n", "application/pdf"),
        ("map.png", b"\x89PNG\r\n\x1a\n\0\0", "image/png"),
        ("site.jpg", b"\xff\xd8\xff\xe0\0\x10JFIF", "image/jpeg"),
        ("site.JPEG", b"\xff\xd8\xff\xe1\0\x10Exif", "image/jpeg"),
        ("plume.gif", b"GIF89a\1\0\1\0", "image/gif"),
        ("site.webp", b"RIFF\x1a\0\0\0WEBPVP8 ", "image/webp"),
        ("aerial.tif", b"II*\0\x08\0\0\0", "image/tiff"),
        ("aerial.tiff", b"MM\0*\0\0\0\x08", "image/tiff"),
        ("phone.heic", b"\0\0\0\x24ftypheic\0\0\0\0", "image/heic"),
        ("drone.mp4", b"\0\0\0\x20ftypisom\0\0\0\0", "video/mp4"),
        ("plan.docx", zipped(*OOXML, "word/document.xml"), "application/vnd.openxmlformats-officedocument.wordprocess"),
        ("dust.xlsx", zipped(*OOXML, "xl/workbook.xml"), "application/vnd.openxmlformats-officedocument.spreadsheetml"),
        ("talk.pptx", zipped("ppt/slides/1.xml", *OOXML), "application/vnd.openxmlformats-officedocument.presentation"),
        ("photos.zip", zipped("1.jpg", "2.jpg"), "application/zip"),
        ("cut.zip", b"PK\x03\x04", "application/zip"),
        ("letter.doc", compound(), "application/msword"),
        ("dust.xls", compound(), "application/vnd.ms-excel"),
        ("reply.msg", compound(), "application/vnd.ms-outlook"),
        ("dust.csv", b"day,PM10\r\n2026-01-01,12\r\n", "text/csv"),
        ("excel.csv", "day,µg/m³\n".encode("cp1252"), "text/csv"),
        ("mass.csv", b"MZ,intensity\n1,2\n", "text/csv"),
        ("unicode.txt", "day\tµg/m³\n".encode("utf-16"), "text/plain"),
        ("mail.eml", b"Received: from mail\r\nFrom: a@example.com\r\n\r\n<html>", "message/rfc822"),
        ("bore.kml", b'<?xml version="1.0"?>\n<kml xmlns="http://www.opengis.net/kml/2.2">', "application/vnd.google"),
        ("walk.gpx", b"\xef\xbb\xbf<?xml version='1.0'?><gpx version='1.1'>", "application/gpx+xml"),
        ("bores.geojson", b'{"type": "FeatureCollection"}', "application/geo+json"),
    ],
)
def test_each_kind_is_known_by_its_content(name: str, content: bytes, media_type: str) -> None:
    assert recognise(upload(name, content), name).media_type.startswith(media_type)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("nothing.pdf", b"", "is empty"),
        ("report.pdf", b"\x89PNG\r\n\x1a\n", "is a PNG image by its content"),
        ("site.png", b"%PDF-1.7", "is a PDF document by its content"),
        ("report", b"%PDF-1.7", "let its name end in .pdf"),
        ("report.pdf.exe", b"%PDF-1.7", "is a PDF document by its content"),
        ("plan.xlsx", zipped(*OOXML, "word/document.xml"), "is a Word document by its content"),
        ("plan.docx", zipped("1.jpg"), "is a zip archive by its content"),
        ("dust.pdf", b"day,PM10\n", "is text by its content"),
        ("run.js", b"alert(1)", "is text by its content"),
        ("letter.docx", compound(), "is an Office 97 document"),
        ("report.pdf", b"MZ\x90\0\x03\0\0\0", "is a program"),
        ("report.pdf", b"\x7fELF\x02\x01", "is a program"),
        ("notes.txt", b"#!/bin/sh\nrm -rf /\n", "is a program"),
        ("report.pdf", b"\xca\xfe\xba\xbe\0\0", "is a program"),
        ("shortcut.pdf", b"L\0\0\0\1\x14\2\0", "is a program"),
        ("app.zip", zipped("META-INF/MANIFEST.MF", "App.class"), "is a program"),
        ("letter.doc", compound(WINDOWS_INSTALLER), "installs a program"),
        ("dust.xlsx", zipped(*OOXML, "xl/workbook.xml", "xl/vbaProject.bin"), "has macros"),
        ("page.html", b"<!DOCTYPE html><p>", "could run scripts"),
        ("page.txt", b"\r\n  <ScRiPt>alert(1)</script>", "could run scripts"),
        ("logo.svg", b"<svg xmlns='http://www.w3.org/2000/svg'>", "could run scripts"),
        ("logo.kml", b"<?xml version='1.0'?><svg onload='alert(1)'><kml>", "could run scripts"),
        ("logo.png", b"\xef\xbb\xbf<?xml version='1.0'?><svg/>", "could run scripts"),
        ("page.txt", "<html>".encode("utf-16"), "could run scripts"),
        ("mail.eml", b"not an email", "is text, but not an email"),
        ("noise.txt", b"text\0with a zero", "is of a kind that is not taken"),
        ("half.txt", b"\xff\xfeh\0a", "is of a kind that is not taken"),
        ("late.csv", b"a,b\n" * 2000 + b"\x01\x02", "is of a kind that is not taken"),
    ],
)
def test_what_is_not_taken_is_refused_with_its_name(name: str, content: bytes, says: str) -> None:
    with pytest.raises(ValidationError) as refused:
        recognise(upload(name, content), name)
    assert refused.value.messages[0].startswith(f"{name} ")
    assert says in refused.value.messages[0]


def test_polyglots_are_what_they_begin_with() -> None:
    """What follows the magic bytes cannot change how a file is served, which is by what was found here."""
    pdf_and_zip = b"%PDF-1.7\n" + zipped("word/document.xml", "[Content_Types].xml")
    assert recognise(upload("both.pdf", pdf_and_zip), "both.pdf").media_type == "application/pdf"
    gif_and_script = b"GIF89a/*\0\0*/=1;alert(1)//<script>"
    assert recognise(upload("both.gif", gif_and_script), "both.gif").media_type == "image/gif"
    program_and_zip = b"MZ\0\0" + zipped("[Content_Types].xml", "word/document.xml")
    with pytest.raises(ValidationError, match="is a program"):
        recognise(upload("both.docx", program_and_zip), "both.docx")


def test_archives_are_not_unpacked_and_lists_without_end_are_not_read() -> None:
    directory = b"PK\x01\x02" + bytes(42)
    content = b"PK\x03\x04" + directory * 400_000
    end = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 65535, 65535, len(content) - 4, 4, 0)
    file = upload("bomb.zip", content + end)
    tracemalloc.start()
    assert recognise(file, "bomb.zip").media_type == "application/zip"
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 10 * 1024 * 1024
