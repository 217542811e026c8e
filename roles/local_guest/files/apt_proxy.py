"""A forward proxy that lets a guest's apt reach the package archive, and nothing else.

Packages are kept: their names carry their versions, so a kept one is never stale. All else is asked for each time.

Usage: apt_proxy.py ADDRESS PORT CACHE SOURCES
  CACHE    folder for packages; several proxies may share one.
  SOURCES  the guest's sources.list: a request for a host that it does not name is refused with 403.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import socket
import sys
import tempfile
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import IO, ClassVar
from urllib.parse import unquote, urlsplit

PASSED_UP = ("If-Modified-Since", "Range", "If-Range", "Cache-Control", "User-Agent")
PASSED_DOWN = ("Content-Length", "Content-Type", "Content-Range", "Last-Modified", "ETag", "Accept-Ranges")
UPSTREAM_SECONDS = 60


def kept(cache: Path, url: str) -> Path | None:
    """Where a package is kept; None for what must be asked for each time."""
    parts = urlsplit(url)
    path = unquote(parts.path)
    if not path.endswith(".deb") or ".." in path.split("/"):
        return None
    return cache / (parts.hostname or "") / path.lstrip("/")


def archives(sources: str) -> frozenset[str]:
    """The hosts that a sources.list names."""
    return frozenset(re.findall(r"http://([^/:\s]+)", sources))


class Handler(BaseHTTPRequestHandler):
    """One request of apt."""

    protocol_version = "HTTP/1.1"
    cache: ClassVar[Path]
    archives: ClassVar[frozenset[str]]

    def do_GET(self) -> None:
        if urlsplit(self.path).scheme != "http" or urlsplit(self.path).hostname not in self.archives:
            self.send_error(403, "Not the package archive")
            return
        file = kept(self.cache, self.path)
        if file and file.is_file() and not self.headers["Range"]:
            self._serve(file)
        else:
            self._fetch(file)

    def _serve(self, file: Path) -> None:
        with file.open("rb") as source:
            self.send_response(200)
            self.send_header("Content-Length", str(os.fstat(source.fileno()).st_size))
            self.end_headers()
            shutil.copyfileobj(source, self.wfile)

    def _fetch(self, file: Path | None) -> None:
        headers = {name: value for name in PASSED_UP if (value := self.headers[name])}
        request = urllib.request.Request(self.path, headers=headers)  # noqa: S310 - http only, see do_GET
        try:
            with urllib.request.urlopen(request, timeout=UPSTREAM_SECONDS) as answer:  # noqa: S310 - as above
                self.send_response(answer.status)
                for name in PASSED_DOWN:
                    if value := answer.headers[name]:
                        self.send_header(name, value)
                if not answer.headers["Content-Length"]:
                    self.close_connection = True
                    self.send_header("Connection", "close")
                self.end_headers()
                if file and answer.status == 200:
                    self._keep(answer, file, int(answer.headers["Content-Length"] or 0))
                else:
                    shutil.copyfileobj(answer, self.wfile)
        except urllib.error.HTTPError as error:
            self.send_response(error.code)
            self.send_header("Content-Length", "0")
            self.end_headers()
        except urllib.error.URLError as error:
            self.send_error(504, f"The archive does not answer: {error.reason}")

    def _keep(self, answer: IO[bytes], file: Path, size: int) -> None:
        """Pass the answer of `size` bytes on and keep it, whole or not at all."""
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=file.parent, suffix=".partial") as copy:
            while block := answer.read(65536):
                copy.write(block)
                if copy.tell() == size:
                    copy.flush()
                    with contextlib.suppress(FileExistsError):  # another guest asked for it too
                        os.link(copy.name, file)
                self.wfile.write(block)
            if copy.tell() != size:
                self.close_connection = True  # cut short: apt sees it by the length, and asks again


class Server(ThreadingHTTPServer):
    """Listens before its address exists: the bridge comes with the guest and may be made again."""

    daemon_threads = True

    def server_bind(self) -> None:
        self.socket.setsockopt(socket.SOL_IP, 15, 1)  # IP_FREEBIND, which the socket module does not name
        super().server_bind()


def main(address: str, port: str, cache: str, sources: str) -> None:
    Handler.cache = Path(cache)
    Handler.archives = archives(Path(sources).read_text())
    Server((address, int(port)), Handler).serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
