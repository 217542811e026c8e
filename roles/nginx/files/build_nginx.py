"""Build one fully static nginx on the controller: for any x86_64 Linux host, whatever C library it has.

Usage: build_nginx.py --sources FILE --lock FILE --cache DIR --uv FILE [--newer]

The sources and the compiler are pinned by digest. What is built is named after them and this recipe, is built once and
is then taken from the cache. Standard output is one JSON object: name, folder, built (whether it had to be compiled)
and the versions. With --newer nothing is built; it names the releases that are newer than the pinned ones and ends with
status 2 when there is one.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

TARGET = "x86_64-linux-musl"
SECONDS_TO_ANSWER = 30
# Debian's suites that hold current upstream releases.
SUITES = "trixie trixie-updates forky sid"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
# A server that speaks TLS 1.3 with a key of its own needs no more of OpenSSL.
OPENSSL = (
    "no-tests no-docs no-apps no-module no-engine no-async no-dso no-comp no-legacy no-quic no-dtls no-sctp no-srp "
    "no-psk no-ssl3 no-weak-ssl-ciphers no-nextprotoneg no-ct no-cms no-cmp no-ts no-rfc3779 no-gost no-ec2m no-dsa "
    "no-slh-dsa no-des no-md4 no-mdc2 no-rc2 no-rc4 no-idea no-seed no-camellia no-aria no-bf no-cast no-whirlpool "
    "no-rmd160 no-sm2 no-sm3 no-sm4 no-blake2 no-scrypt --openssldir=/etc/ssl"
)
NGINX = (
    "--prefix=/opt/nginx --conf-path=/etc/nginx/nginx.conf --pid-path=/run/nginx.pid --lock-path=/run/nginx.lock",
    "--error-log-path=stderr --http-log-path=/dev/null --user=www-data --group=www-data",
    "--http-client-body-temp-path=/var/lib/nginx/body --http-proxy-temp-path=/var/lib/nginx/proxy",
    "--with-http_ssl_module --with-http_v2_module --with-http_realip_module --with-http_gzip_static_module",
    "--with-http_stub_status_module --with-pcre-jit --without-http_ssi_module --without-http_userid_module",
    "--without-http_auth_basic_module --without-http_mirror_module --without-http_autoindex_module",
    "--without-http_geo_module --without-http_split_clients_module --without-http_fastcgi_module",
    "--without-http_uwsgi_module --without-http_scgi_module --without-http_grpc_module --without-http_memcached_module",
    "--without-http_empty_gif_module --without-http_browser_module --without-http_upstream_hash_module",
    "--without-http_upstream_ip_hash_module --without-http_upstream_random_module",
)


class BuildError(Exception):
    """nginx cannot be built; the message says why."""


def run(command: list[Any], **options: Any) -> str:
    """Run a command and return its output; a failure becomes a BuildError with the last lines it wrote."""
    try:
        done: subprocess.CompletedProcess[str] = subprocess.run(  # noqa: S603 - a list of arguments, never a shell
            list(map(str, command)), capture_output=True, text=True, check=False, **options
        )
    except FileNotFoundError:
        raise BuildError(f"{command[0]} is missing on this controller") from None
    if done.returncode:
        words = " | ".join((done.stderr or done.stdout).strip().splitlines()[-5:])
        raise BuildError(f"{' '.join(map(str, command[:3]))} failed: {words}")
    return done.stdout


def sha256(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


# --- Sources ----------------------------------------------------------------------------------------------------------
class Debian:
    """Debian's index of sources, read by apt through the machine's own mirror and checked by its signature."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.configuration: dict[str, str] | None = None

    def prepare(self) -> dict[str, str]:
        """Fetch the index, once; return the environment in which apt reads it and nothing else."""
        if self.configuration is None:
            targets = run(["apt-get", "indextargets", "--format", "$(LABEL) $(REPO_URI)"]).splitlines()
            mirror = next((uri for label, _, uri in (line.partition(" ") for line in targets) if label == "Debian"), "")
            if not mirror:
                raise BuildError("apt knows no Debian mirror on this controller")
            for name in ("lists/partial", "archives/partial"):
                (self.folder / name).mkdir(parents=True, exist_ok=True)
            (self.folder / "status").touch()
            signed = f" [signed-by={KEYRING}]" if KEYRING.exists() else ""
            lines = [f"deb-src{signed} {mirror} {suite} main\n" for suite in SUITES.split()]
            (self.folder / "sources.list").write_text("".join(lines))
            (self.folder / "apt.conf").write_text(
                f'Dir::Etc::sourcelist "{self.folder}/sources.list"; Dir::Etc::sourceparts "-";\n'
                f'Dir::State::lists "{self.folder}/lists"; Dir::State::status "{self.folder}/status";\n'
                f'Dir::Cache "{self.folder}"; APT::Sandbox::User "root";\n'
            )
            self.configuration = os.environ | {"APT_CONFIG": str(self.folder / "apt.conf"), "LC_ALL": "C"}
            run(["apt-get", "-qq", "update"], env=self.configuration)
        return self.configuration

    def stanzas(self, package: str) -> list[str]:
        """Return what the index says of each version of a source package."""
        return run(["apt-cache", "showsrc", "--only-source", package], env=self.prepare()).split("\n\n")

    def upstream_versions(self, package: str) -> list[str]:
        """Return upstream's numbers of the versions in the index, without Debian's additions."""
        found = re.findall(r"^Version: (?:\d+:)?([^-\n]+)", "\n".join(self.stanzas(package)), re.MULTILINE)
        return [re.sub(r"^.*really", "", version) for version in found]

    def fetch(self, package: str, digest: str, target: Path) -> None:
        """Fetch the archive with this digest."""
        for stanza in self.stanzas(package):
            version = re.search(r"^Version: (\S+)", stanza, re.MULTILINE)
            if version and digest in stanza:
                with tempfile.TemporaryDirectory(dir=self.folder) as scratch:
                    command = ["apt-get", "-qq", "source", "--tar-only", "--download-only", f"{package}={version[1]}"]
                    run(command, env=self.prepare(), cwd=scratch)
                    archive = next(Path(scratch).glob("*.orig.tar.*[!c]"))
                    shutil.move(archive, target)
                return
        raise BuildError(f"Debian's index has no {package} with the digest {digest[:12]}…")


def download(url: str, target: Path) -> None:
    """Fetch an address of upstream's."""
    try:
        with urllib.request.urlopen(url, timeout=SECONDS_TO_ANSWER) as answer, target.open("wb") as handle:  # noqa: S310  pinned
            shutil.copyfileobj(answer, handle)
    except OSError as error:
        raise BuildError(f"{url}: {error}") from None


def fetch(name: str, source: dict[str, Any], cache: Path, debian: Debian) -> Path:
    """Return the archive of a source with a digest that is pinned, from the cache, upstream or Debian."""
    refused = []
    for archive in source["archives"]:
        target = cache / "sources" / f"{name}-{archive['sha256'][:12]}.tar.gz"
        target.parent.mkdir(exist_ok=True)
        if target.exists() and sha256(target) == archive["sha256"]:
            return target
        partial = target.with_suffix(".partial")
        for way in ("url", "debian"):
            try:
                if way == "debian":
                    debian.fetch(name, archive["sha256"], partial)
                elif "url" in archive:
                    download(archive["url"], partial)
                else:
                    continue
                if sha256(partial) == archive["sha256"]:
                    return partial.rename(target)
                refused.append(f"{archive.get('url', name)} has another digest than the pinned one")
            except BuildError as error:
                refused.append(str(error))
    raise BuildError(f"no archive of {name} {source['version']}: " + "; ".join(refused))


def newer(sources: dict[str, Any], debian: Debian) -> list[str]:
    """Name the releases of the same series that are newer than the pinned ones."""

    def number(version: str) -> tuple[int, ...]:
        return tuple(map(int, version.split(".")))

    found = []
    for name, source in sources.items():
        series = re.compile(source.get("series", r"\d+") + r"(\.\d+)*")
        released = [version for version in debian.upstream_versions(name) if series.fullmatch(version)]
        latest = max(released, key=number, default=source["version"])
        if number(latest) > number(source["version"]):
            found.append(f"{name} {latest} is out, and {source['version']} is built")
    return found


# --- The build --------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Recipe:
    """What is built and with what."""

    sources_file: Path
    lock: Path

    @property
    def sources(self) -> dict[str, Any]:
        found: dict[str, Any] = yaml.safe_load(self.sources_file.read_text())
        return found

    @property
    def name(self) -> str:
        """A name for the content: nginx's version and 12 hexadecimal digits."""
        parts = (self.sources_file, self.lock, Path(__file__))
        digest = hashlib.sha256(b"".join(path.read_bytes() for path in parts)).hexdigest()
        return f"{self.sources['nginx']['version']}-{digest[:12]}"


def toolchain(lock: Path, cache: Path, uv: Path) -> Path:
    """Return the compiler that the lock names."""
    folder = cache / f"toolchain-{sha256(lock)[:12]}"
    if not folder.exists():
        partial = cache / f".partial-{folder.name}"
        shutil.rmtree(partial, ignore_errors=True)
        run([uv, "venv", "--quiet", "--python", sys.executable, partial])
        run([uv, "pip", "sync", "--quiet", "--require-hashes", "--python", partial, lock])
        partial.rename(folder)
    return next(folder.glob("lib/python3*/site-packages/ziglang/zig"))


def wrap(zig: Path, folder: Path) -> None:
    """Put the compiler into a folder under the names that build systems look for."""
    folder.mkdir()
    # zig adds its check of undefined behaviour unless told otherwise.
    for name, does in {
        "cc": f"cc -target {TARGET} -fno-sanitize=undefined",
        "ar": "ar",
        "ranlib": "ranlib",
    }.items():
        path = folder / name
        path.write_text(f'#!/bin/sh\nexec {zig} {does} "$@"\n')
        path.chmod(0o755)


def compile_nginx(work: Path, zig: Path) -> Path:
    """Compile what is unpacked in `work` and return the folder of nginx."""
    wrap(zig, work / "bin")
    environment = os.environ | {"PATH": f"{work / 'bin'}:{os.environ['PATH']}", "SOURCE_DATE_EPOCH": "0"}
    environment |= {"CC": "cc", "AR": "ar", "RANLIB": "ranlib"}
    environment |= {f"ZIG_{scope}_CACHE_DIR": str(work / "zig") for scope in ("GLOBAL", "LOCAL")}
    source = work / "nginx"
    options = [option for line in NGINX for option in line.split()]
    options += ["--with-cc=cc", "--with-cc-opt=-O2 -g0 -Wno-error", "--with-ld-opt=-static -s"]
    options += ["--with-pcre=../pcre2", "--with-zlib=../zlib", "--with-openssl=../openssl"]
    run(["./configure", *options, f"--with-openssl-opt={OPENSSL}"], cwd=source, env=environment)
    run(["make", f"-j{os.cpu_count()}"], cwd=source, env=environment)
    return source


def build(recipe: Recipe, target: Path, cache: Path, uv: Path) -> None:
    """Fill `target` with nginx, its table of media types, the versions and the digests of these."""
    with tempfile.TemporaryDirectory(dir=cache, prefix=".partial-") as scratch:
        work = Path(scratch).resolve()
        debian = Debian(cache / "debian")
        for name, source in recipe.sources.items():
            archive = fetch(name, source, cache, debian)
            unpacked = work / f"unpack-{name}"
            with tarfile.open(archive) as handle:
                handle.extractall(unpacked, filter="data")
            next(unpacked.iterdir()).rename(work / name)
        source = compile_nginx(work, toolchain(recipe.lock, cache, uv))
        stage = work / "stage"
        stage.mkdir()
        shutil.copy2(source / "objs" / "nginx", stage / "nginx")
        shutil.copy2(source / "conf" / "mime.types", stage / "mime.types")
        versions = {name: source["version"] for name, source in recipe.sources.items()}
        (stage / "versions.json").write_text(json.dumps(versions, indent=2) + "\n")
        check(stage / "nginx", versions)
        digests = [f"{sha256(path)}  {path.name}\n" for path in sorted(stage.iterdir())]
        (stage / "SHA256SUMS").write_text("".join(digests))
        stage.rename(target)


def check(nginx: Path, versions: dict[str, str]) -> None:
    """Refuse a program that is not what was asked for."""
    said = subprocess.run([nginx, "-V"], capture_output=True, text=True, check=False).stderr  # noqa: S603  ours
    for expected in (f"nginx/{versions['nginx']}", f"built with OpenSSL {versions['openssl']} "):
        if expected not in said:
            raise BuildError(f"what was built does not say {expected!r}: {said.strip()[:200]}")


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Wait for any other build in the same cache."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for option in ("--sources", "--lock", "--cache", "--uv"):
        parser.add_argument(option, type=Path, required=True)
    parser.add_argument("--newer", action="store_true")
    options = parser.parse_args()
    recipe = Recipe(options.sources, options.lock)
    cache = options.cache.resolve()
    target = cache / recipe.name
    try:
        with locked(cache):
            if options.newer:
                outdated = newer(recipe.sources, Debian(cache / "debian"))
                print("\n".join(outdated) or "What is built is current.")
                return 2 if outdated else 0
            built = not target.exists()
            if built:
                build(recipe, target, cache, options.uv.absolute())
    except BuildError as error:
        sys.stderr.write(f"nginx was not built: {error}\n")
        return 1
    facts = {"name": target.name, "folder": str(target), "built": built}
    print(json.dumps(facts | {"versions": json.loads((target / "versions.json").read_text())}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
