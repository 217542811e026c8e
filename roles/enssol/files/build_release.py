"""Build one release of the app as a single archive, on the controller.

Usage: build_release.py --repository DIR --cache DIR --uv FILE [--version REVISION] [--lock NAME] [--allow-dirty]

A release is named after what is in it: the tree of app/, its lock file and this recipe. The same content has the same
name, is built once and is then taken from the cache. Standard output is one JSON object: release, archive, sha256,
built (whether anything had to be done) and warnings.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import json
import os
import secrets
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

# glibc 2.17 is the oldest that PEP 600 wheels of today name; Ubuntu 16.04 has 2.23.
PLATFORMS = ("manylinux_2_17_x86_64", "manylinux2014_x86_64")
PYTHON_VERSION = "3.11"
TOOLS_LOCK = "requirements/release.txt"
KEPT_ARCHIVES = 5
# The earliest time that a zip archive, hence a wheel, can hold.
WHEEL_EPOCH = "315532800"


class BuildError(Exception):
    """A release cannot be built; the message says what to do."""


@dataclass(frozen=True)
class Source:
    """What git says about the version to build: object names of its trees and files."""

    commit: str
    committed: int
    dirty: bool
    app: str
    lock: str
    tools: str

    @property
    def release(self) -> str:
        """A name for the content: 12 hexadecimal digits."""
        recipe = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()
        return hashlib.sha256(" ".join((self.app, self.lock, self.tools, recipe)).encode()).hexdigest()[:12]


def run(*command: str | Path, cwd: Path | None = None, env: dict[str, str] | None = None) -> str:
    """Run a command and return its output; a failure becomes a BuildError with the last lines it wrote."""
    # Variables that steer pip and Python belong to the machine and apply; those given here are added.
    environment = {**os.environ, **(env or {})}
    done = subprocess.run(  # noqa: S603 - a list of arguments, never a shell
        command, cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        last_words = " | ".join((done.stderr or done.stdout).strip().splitlines()[-5:])
        raise BuildError(f"{' '.join(map(str, command[:4]))} failed: {last_words}")
    return done.stdout.strip()


# --- What to build ----------------------------------------------------------------------------------------------------
def working_tree(repository: Path) -> str:
    """Return the tree of all tracked files as they are now, without touching the index, the work tree or a ref."""
    index = Path(run("git", "rev-parse", "--absolute-git-dir", cwd=repository)) / "index"
    with tempfile.TemporaryDirectory() as scratch:
        copy = shutil.copy2(index, Path(scratch) / "index")
        environment = {"GIT_INDEX_FILE": str(copy)}
        run("git", "add", "--update", cwd=repository, env=environment)
        return run("git", "write-tree", cwd=repository, env=environment)


def objects(repository: Path, tree: str, lock: str) -> list[str]:
    """Return the object names of app/, of the app's lock and of the tools' lock in a tree or commit."""
    return run("git", "rev-parse", f"{tree}:app", f"{tree}:{lock}", f"{tree}:{TOOLS_LOCK}", cwd=repository).split()


def find_source(repository: Path, version: str, lock: str, *, allow_dirty: bool) -> tuple[Source, list[str]]:
    """Resolve the version to build.

    A dirty tree is refused unless `allow_dirty`; then HEAD means the tracked files as they are.
    """
    commit = run("git", "rev-parse", "--verify", f"{version}^{{commit}}", cwd=repository)
    changes = run("git", "--no-optional-locks", "status", "--porcelain", cwd=repository).splitlines()
    if changes and not allow_dirty:
        raise BuildError(f"{len(changes)} uncommitted changes ({changes[0].strip()}, ...): commit them, then deploy")
    names = objects(repository, commit, lock)
    forgotten: list[str] = []
    dirty = False
    if changes and version == "HEAD":
        committed_names, names = names, objects(repository, working_tree(repository), lock)
        dirty = names != committed_names
        forgotten = [line.removeprefix("?? ") for line in changes if line.startswith("?? app/")]
    committed = int(run("git", "show", "--no-patch", "--format=%ct", commit, cwd=repository))
    return Source(commit, committed, dirty, *names), [
        f"left out, as git does not track it: {name}" for name in forgotten
    ]


# --- The parts --------------------------------------------------------------------------------------------------------
class Builder:
    """Makes the parts of a release below one cache folder."""

    def __init__(self, repository: Path, cache: Path, uv: Path) -> None:
        self.repository = repository
        self.cache = cache
        self.uv = uv

    def cached(self, kind: str, inputs: tuple[str, ...], fill: Callable[[Path], None]) -> Path:
        """Return a folder named after its inputs, filled if the cache has none.

        It is filled under another name, so an interrupted build leaves nothing that looks complete.
        """
        target = self.cache / f"{kind}-{hashlib.sha256(' '.join(inputs).encode()).hexdigest()[:12]}"
        if not target.exists():
            partial = self.cache / f".partial-{target.name}"
            partial.mkdir()
            fill(partial)
            partial.rename(target)
        target.touch()
        return target

    def export(self, git_object: str, target: Path) -> Path:
        """Write a file of the repository, given by its object name."""
        target.write_text(run("git", "cat-file", "blob", git_object, cwd=self.repository) + "\n")
        return target

    def environment(self, lock: str, tools: str) -> Path:
        """Return the interpreter of a virtual environment that holds exactly what a lock names."""

        def fill(folder: Path) -> None:
            constraints = self.export(tools, folder / "tools.txt")
            requirements = self.export(lock, folder / "lock.txt")
            run(self.uv, "venv", "--quiet", "--relocatable", "--python", sys.executable, folder / "venv")
            options = ("--require-hashes", "--build-constraints", constraints, "--python", folder / "venv")
            run(self.uv, "pip", "sync", "--quiet", *options, requirements)

        return self.cached("venv", (lock, tools), fill) / "venv" / "bin" / "python"

    def wheelhouse(self, lock: str, tools: str) -> Path:
        """Return a folder with a wheel that the host can install for each package of the lock, and pip's own.

        `lock.txt` in it names the hash of each of these wheels, also of those built here from a source distribution.
        """
        pip = (self.environment(tools, tools), "-m", "pip", "--quiet")

        def fill(folder: Path) -> None:
            self.download(pip, folder, lock, tools)
            for sdist in folder.glob("*.tar.gz"):
                build = ("wheel", "--no-deps", "--no-index", "--no-build-isolation", "--wheel-dir", folder, sdist)
                run(*pip, *build, env={"SOURCE_DATE_EPOCH": WHEEL_EPOCH})
                sdist.unlink()
            for wheel in folder.glob("setuptools-*.whl"):
                wheel.unlink()
            pins = [pin(wheel) for wheel in sorted(folder.glob("*.whl")) if not wheel.name.startswith("pip-")]
            (folder / "lock.txt").write_text("".join(pins))

        return self.cached("wheels", (lock, tools, PYTHON_VERSION, *PLATFORMS), fill)

    def download(self, pip: tuple[str | Path, ...], folder: Path, lock: str, tools: str) -> None:
        """Fetch what both locks name, as wheels where there are any."""
        # Without --no-deps pip refuses a source distribution together with a platform; the locks are complete anyway.
        options = ["--no-deps", "--require-hashes", "--no-build-isolation", "--python-version", PYTHON_VERSION]
        options += [f"--platform={platform}" for platform in PLATFORMS]
        with tempfile.TemporaryDirectory() as scratch:
            for git_object in (lock, tools):
                options += ["--requirement", str(self.export(git_object, Path(scratch) / f"{git_object}.txt"))]
            run(*pip, "download", *options, "--dest", folder)

    def check_out(self, tree: str, target: Path) -> None:
        """Write the files of a git tree below `target`."""
        with tempfile.TemporaryDirectory() as scratch:
            environment = {"GIT_INDEX_FILE": str(Path(scratch) / "index")}
            run("git", "read-tree", tree, cwd=self.repository, env=environment)
            run("git", "checkout-index", "--all", f"--prefix={target}/", cwd=self.repository, env=environment)

    def collect_static(self, python: Path, app: Path, static: Path) -> None:
        """Let Django write the static files, with names that hold a hash of their content, and compressed copies."""
        with tempfile.TemporaryDirectory() as data:
            settings = {
                "ENSSOL_SECRET_KEY": secrets.token_hex(32),
                "ENSSOL_DATABASE_URL": f"sqlite:///{data}/build.sqlite3",
                "ENSSOL_DATA_DIR": data,
                "ENSSOL_ALLOWED_HOSTS": "build.invalid",
                "ENSSOL_EMAIL_URL": "console:",
                "ENSSOL_STATIC_ROOT": str(static),
                "PYTHONDONTWRITEBYTECODE": "1",
            }
            run(python, "manage.py", "collectstatic", "--noinput", "--verbosity=0", cwd=app, env=settings)

    def archive(self, source: Source, lock_name: str) -> tuple[Path, bool]:
        """Return the release's archive, building it when the cache has none."""
        target = self.cache / f"{source.release}.tar"
        if target.exists():
            target.touch()
            return target, False
        wheels = self.wheelhouse(source.lock, source.tools)
        python = self.environment(source.lock, source.tools)
        with tempfile.TemporaryDirectory(dir=self.cache, prefix=".partial-") as scratch:
            stage = Path(scratch)
            self.check_out(source.app, stage / "app")
            self.collect_static(python, stage / "app", stage / "static")
            facts = {"release": source.release, "commit": source.commit, "dirty": source.dirty, "lock": lock_name}
            (stage / "RELEASE").write_text(json.dumps(facts, indent=2) + "\n")
            partial = stage / "release.tar"
            pack(partial, [stage / "RELEASE", stage / "app", stage / "static"], wheels, source.committed)
            partial.rename(target)
        return target, True

    def prune(self) -> None:
        """Drop what was not used lately, and what an interrupted run left."""
        for leftover in self.cache.glob(".partial-*"):
            shutil.rmtree(leftover)
        for pattern, keep in (("*.tar", KEPT_ARCHIVES), ("wheels-*", 2), ("venv-*", 3)):
            by_use = sorted(self.cache.glob(pattern), key=lambda path: path.stat().st_mtime, reverse=True)
            for path in by_use[keep:]:
                shutil.rmtree(path) if path.is_dir() else path.unlink()


def pin(wheel: Path) -> str:
    """Return the requirement line that accepts this wheel alone."""
    name, version, *_ = wheel.name.split("-")
    return f"{name}=={version} --hash=sha256:{sha256(wheel)}\n"


def sha256(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def pack(target: Path, members: list[Path], wheels: Path, mtime: int) -> None:
    """Write a tar archive that depends on names and contents only.

    It is not compressed: wheels and the larger static files already are, and the host's processor is slow.
    """

    def anonymous(member: tarfile.TarInfo) -> tarfile.TarInfo:
        member.uid = member.gid = 0
        member.uname = member.gname = "root"
        member.mtime = mtime
        member.mode = 0o755 if member.isdir() or member.mode & 0o100 else 0o644
        return member

    with tarfile.open(target, "w", format=tarfile.PAX_FORMAT) as archive:
        for member in members:
            archive.add(member, arcname=member.name, filter=anonymous)
        archive.add(wheels, arcname="wheels", filter=anonymous)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Wait for any other build in the same cache."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repository", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--uv", type=Path, required=True)
    parser.add_argument("--version", default="HEAD")
    parser.add_argument("--lock", default="app")
    parser.add_argument("--allow-dirty", action="store_true")
    options = parser.parse_args()
    try:
        lock = f"requirements/{options.lock}.txt"
        source, warnings = find_source(options.repository, options.version, lock, allow_dirty=options.allow_dirty)
        with locked(options.cache):
            builder = Builder(options.repository, options.cache, options.uv)
            builder.prune()
            archive, built = builder.archive(source, options.lock)
    except BuildError as error:
        sys.stderr.write(f"No release was built: {error}\n")
        return 1
    facts = {"release": source.release, "archive": str(archive), "sha256": sha256(archive)}
    print(json.dumps({**facts, "built": built, "warnings": warnings}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
