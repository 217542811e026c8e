"""Copy stored files off this host, each as soon as it is there: the bucket has it under the name that it has here.

The app leaves a link to each new file in the folder `unsent` before the file counts as stored; it goes when the bucket
has the file. What cannot be sent waits there. A file named `all` asks to look through every stored file once.

Everything comes from the environment:
  FILES_FOLDER       folder of the data, which holds `evidence` and `unsent`.
  FILES_DESTINATION  where to, as s3://bucket/prefix.
  FILES_WAITS        seconds to wait after each failure in a row, such as "5 60 600"; the last holds for all later ones.
Region and credentials are boto3's own business.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

ALL = "all"


def place_of(name: str) -> str:
    """Return where a file of that hash is, below the folder of files and below the bucket's prefix."""
    return f"{name[:2]}/{name[2:4]}/{name}"


def ask_for_all(s3: Any, folder: Path, bucket: str, prefix: str) -> None:
    """Link each stored file that the bucket does not have, and take the wish for that away."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{prefix}/")
    kept = {one["Key"].removeprefix(f"{prefix}/") for page in pages for one in page.get("Contents", [])}
    for path in folder.glob("evidence/[0-9a-f][0-9a-f]/[0-9a-f][0-9a-f]/[0-9a-f]*"):
        waiting = folder / "unsent" / path.name
        if place_of(path.name) not in kept and not waiting.exists():
            waiting.hardlink_to(path)
    (folder / "unsent" / ALL).unlink()


def oldest_first(unsent: Path) -> Iterator[Path]:
    """Yield what waits, and what has come meanwhile, until there is nothing."""
    while waiting := sorted(unsent.iterdir(), key=lambda path: path.stat().st_mtime):
        yield from waiting


def send(s3: Any, folder: Path, destination: str) -> int:
    """Send what waits until nothing does; return how many files that were."""
    address = urlsplit(destination)
    bucket, prefix, sent = address.netloc, address.path.strip("/"), 0
    for path in oldest_first(folder / "unsent"):
        if path.name == ALL:
            ask_for_all(s3, folder, bucket, prefix)
            continue
        # A locked bucket takes nothing without a checksum.
        extra = {"ChecksumAlgorithm": "SHA256", "ContentType": "application/octet-stream"}
        s3.upload_file(str(path), bucket, f"{prefix}/{place_of(path.name)}", ExtraArgs=extra)
        path.unlink()
        sent += 1
    return sent


def main() -> None:
    import boto3  # noqa: PLC0415 - only the release's own Python has it

    given = os.environ
    s3 = boto3.client("s3")
    waits = [float(wait) for wait in given["FILES_WAITS"].split()]
    while True:
        try:
            print(f"{send(s3, Path(given['FILES_FOLDER']), given['FILES_DESTINATION'])} files sent")
        except Exception as error:
            print(f"Trying again in {waits[0]:.0f} s: {error}", file=sys.stderr)
            time.sleep(waits[0])
            waits = waits[1:] or waits
        else:
            return


if __name__ == "__main__":
    main()
