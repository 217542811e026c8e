"""What a file is, told by its bytes, and whether its name says the same. Nothing is unpacked, parsed or run."""

from __future__ import annotations

import codecs
import re
import struct
from dataclasses import dataclass
from pathlib import PurePosixPath

from django.core.exceptions import ValidationError
from django.core.files.base import File

HEAD = 4096
# A zip file's directory lists what is in it; one that is longer than this is a plain archive to us.
DIRECTORY = 4 * 1024 * 1024


@dataclass(frozen=True)
class Kind:
    """One kind of file: its name for people, its media type, and the endings that names of it have."""

    label: str
    media_type: str
    endings: tuple[str, ...]


PDF = Kind("a PDF document", "application/pdf", (".pdf",))
PNG = Kind("a PNG image", "image/png", (".png",))
JPEG = Kind("a JPEG image", "image/jpeg", (".jpg", ".jpeg", ".jfif"))
GIF = Kind("a GIF image", "image/gif", (".gif",))
WEBP = Kind("a WebP image", "image/webp", (".webp",))
TIFF = Kind("a TIFF image", "image/tiff", (".tif", ".tiff"))
HEIC = Kind("an HEIC image", "image/heic", (".heic", ".heif"))
VIDEO = Kind("an MP4 or QuickTime video", "video/mp4", (".mp4", ".m4v", ".mov"))
_OOXML = "application/vnd.openxmlformats-officedocument"
DOCX = Kind("a Word document", f"{_OOXML}.wordprocessingml.document", (".docx",))
XLSX = Kind("an Excel workbook", f"{_OOXML}.spreadsheetml.sheet", (".xlsx",))
PPTX = Kind("a PowerPoint presentation", f"{_OOXML}.presentationml.presentation", (".pptx",))
ZIP = Kind("a zip archive", "application/zip", (".zip", ".kmz"))

# By their endings: inside, all four look alike.
OFFICE_97 = {
    ".doc": "application/msword",
    ".xls": "application/vnd.ms-excel",
    ".ppt": "application/vnd.ms-powerpoint",
    ".msg": "application/vnd.ms-outlook",
}
TEXT = {
    ".csv": "text/csv",
    ".tsv": "text/tab-separated-values",
    ".txt": "text/plain",
    ".log": "text/plain",
    ".md": "text/plain",
    ".json": "application/json",
    ".geojson": "application/geo+json",
    ".eml": "message/rfc822",
}
MAPS = {".kml": "application/vnd.google-earth.kml+xml", ".gpx": "application/gpx+xml"}

TAKEN = (
    "PDF, Word, Excel and PowerPoint documents, images (JPEG, PNG, GIF, WebP, TIFF, HEIC), MP4 videos, text and CSV,"
    " emails (EML, MSG), maps (KML, GPX, GeoJSON) and zip archives"
)

_MAGIC = tuple(
    (re.compile(pattern, re.DOTALL), kind)
    for pattern, kind in (
        (rb"%PDF-", PDF),
        (rb"\x89PNG\r\n\x1a\n", PNG),
        (rb"\xff\xd8\xff", JPEG),
        (rb"GIF8[79]a", GIF),
        (rb"RIFF....WEBP", WEBP),
        (rb"II\*\x00|MM\x00\*", TIFF),
        (rb"....ftyp(heic|heix|mif1|msf1)", HEIC),
        (rb"....ftyp(isom|iso[2-6]|mp4[12]|avc1|M4V |qt  )", VIDEO),
    )
)
_PROGRAM = re.compile(
    rb"MZ.*\x00"  # Windows; text may start with these letters, but has no such byte
    rb"|\x7fELF|#!|!<arch>"  # Linux, scripts, Debian packages
    rb"|\xca\xfe\xba\xbe|\xfe\xed\xfa[\xce\xcf]|[\xce\xcf]\xfa\xed\xfe"  # Java, macOS
    rb"|\x00asm|dex\n|L\x00\x00\x00\x01\x14\x02\x00",  # WebAssembly, Android, Windows shortcuts
    re.DOTALL,
)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# The class of Windows Installer packages (.msi) and patches (.msp), whose container is that of old documents.
_INSTALLERS = tuple(struct.pack("<IHH", number, 0, 0) + b"\xc0\0\0\0\0\0\0\x46" for number in (0xC1084, 0xC1086))
_PROGRAM_PARTS = (b"META-INF/MANIFEST.MF", b"classes.dex", b"AppxManifest.xml")
# The bytes that text never has: https://mimesniff.spec.whatwg.org/#binary-data-byte
_BINARY = bytes({*range(0x09), 0x0B, *range(0x0E, 0x1B), *range(0x1C, 0x20)})


def recognise(content: File[bytes], name: str) -> Kind:
    """Return what the content is.

    Args:
        content: an open file that can seek.
        name: what it is called, whose ending has to agree.

    Raises:
        ValidationError: it is of a kind that is not taken, or its name says something else.
    """
    content.seek(0)
    head = content.read(HEAD)
    if not head:
        raise ValidationError(f"{name} is empty: choose a file with something in it.")
    ending = PurePosixPath(name).suffix.lower()
    kind = _kind(content, head, ending, name)
    if ending not in kind.endings:
        raise ValidationError(
            f"{name} is {kind.label} by its content, which its name does not say: "
            f"save it as what its name says, or let its name end in {kind.endings[0]}."
        )
    return kind


def _kind(content: File[bytes], head: bytes, ending: str, name: str) -> Kind:
    for magic, kind in _MAGIC:
        if magic.match(head):
            return kind
    if _PROGRAM.match(head):
        raise ValidationError(f"{name} is a program: programs and scripts are not taken.")
    if head.startswith(b"PK\x03\x04"):
        return _zip_kind(_zip_directory(content), name)
    if head.startswith(_OLE):
        if _ole_class(content, head) in _INSTALLERS:
            raise ValidationError(f"{name} installs a program: programs are not taken.")
        return Kind("an Office 97 document or a message", OFFICE_97.get(ending, ""), tuple(OFFICE_97))
    if encoding := _text_encoding(content, head):
        return _text_kind(head.decode(encoding, "replace").lstrip("\ufeff \t\r\n\f").lower(), ending, name)
    raise ValidationError(f"{name} is of a kind that is not taken. Taken are {TAKEN}.")


def _zip_directory(content: File[bytes]) -> bytes:
    """Return the list of what a zip file holds, as bytes; empty when it has none that can be read."""
    size = content.seek(0, 2)
    content.seek(max(0, size - 65_557))
    tail = content.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) < at + 22:
        return b""
    length, offset = struct.unpack_from("<II", tail, at + 12)
    content.seek(min(offset, size))
    directory: bytes = content.read(min(length, DIRECTORY))
    return directory


def _zip_kind(directory: bytes, name: str) -> Kind:
    if b"vbaProject.bin" in directory:
        raise ValidationError(f"{name} has macros in it: save it without them, as .docx, .xlsx or .pptx.")
    if any(part in directory for part in _PROGRAM_PARTS):
        raise ValidationError(f"{name} is a program: programs and scripts are not taken.")
    if b"[Content_Types].xml" in directory:
        for folder, kind in ((b"word/", DOCX), (b"xl/", XLSX), (b"ppt/", PPTX)):
            if folder in directory:
                return kind
    return ZIP


def _ole_class(content: File[bytes], head: bytes) -> bytes:
    """Return the class of a compound file's root: 16 bytes of the first entry of its directory ([MS-CFB] 2.6)."""
    shift = struct.unpack_from("<H", head.ljust(HEAD), 30)[0]
    sector = struct.unpack_from("<I", head.ljust(HEAD), 48)[0]
    if shift not in (9, 12):
        return b""
    content.seek((sector + 1) << shift)
    root: bytes = content.read(96)
    return root[80:]


def _text_encoding(content: File[bytes], head: bytes) -> str:
    """Return the encoding in which the whole file is text, or nothing."""
    content.seek(0)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        decoder = codecs.getincrementaldecoder("utf-16")()
        try:
            zeros = any("\0" in decoder.decode(chunk) for chunk in content.chunks())
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return ""
        return "" if zeros else "utf-16"
    if any(len(chunk.translate(None, _BINARY)) < len(chunk) for chunk in content.chunks()):
        return ""
    # Only its beginning is decoded, where all that matters is ASCII.
    return "utf-8"


def _text_kind(beginning: str, ending: str, name: str) -> Kind:
    if beginning.startswith("<"):
        root = re.search(r"<(kml|gpx|svg|html|!doctype\s+html)\b", beginning)
        if root and root[1] in ("kml", "gpx"):
            return Kind("a map", MAPS[f".{root[1]}"], (f".{root[1]}",))
        raise ValidationError(
            f"{name} is a web page, a drawing or another file of markup, which could run scripts: save it as a PDF."
        )
    if ending == ".eml" and not re.match(r"[a-z][a-z0-9-]*:", beginning):
        raise ValidationError(f"{name} is text, but not an email: let its name end in .txt.")
    return Kind("text", TEXT.get(ending, ""), (".txt", *TEXT))
