"""The drill on a site of its own: the newest backup is restored elsewhere, verified and served; faults are told."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from role_scripts import ROOT
from test_release import KNOWN_TO_229, directives

PYTHON = ROOT / ".venv" / "app" / "bin" / "python"
ADMINISTRATOR = "somebody@example.com"


class Site:
    """A site's folder and settings; commands run as on a host."""

    def __init__(self, folder: Path) -> None:
        self.data, self.backups, self.drills = folder / "data", folder / "backups", folder / "drill"
        self.state = folder / "drill.json"
        for made in (self.data, self.drills):
            made.mkdir()
        self.settings = {
            "PATH": os.environ["PATH"],
            "ENSSOL_SECRET_KEY": "a key of the drill's own, long enough to be taken for one",
            "ENSSOL_ALLOWED_HOSTS": "app.example.com",
            "ENSSOL_DATA_DIR": str(self.data),
            "ENSSOL_BACKUP_URL": f"file://{self.backups}",
            "ENSSOL_STATIC_ROOT": str(folder),
            "ENSSOL_EMAIL_URL": f"file://{folder}/mail",
            "DRILL_FOLDER": str(self.drills),
            "DRILL_STATE": str(self.state),
        }

    def run(self, *arguments: str | Path, said: str = "") -> subprocess.CompletedProcess[str]:
        command = [str(PYTHON), *map(str, arguments)]
        return subprocess.run(
            command, cwd=ROOT / "app", env=self.settings, input=said, capture_output=True, text=True, check=False
        )

    def manage(self, *arguments: str, said: str = "") -> str:
        done = self.run("manage.py", *arguments, said=said)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def drill(self) -> tuple[int, dict[str, object]]:
        done = self.run(ROOT / "roles" / "backup" / "files" / "drill_backup.py")
        assert list(self.drills.iterdir()) == []
        told: dict[str, object] = json.loads(self.state.read_text())
        assert bool(done.returncode) == bool(told["last_failure"]), done.stderr
        return done.returncode, told


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A site with a backup."""
    made = Site(tmp_path_factory.mktemp("site"))
    made.manage("migrate", "--verbosity=0")
    made.manage("create_admin", ADMINISTRATOR, said="a sentence that is long enough")
    made.manage("backup", str(made.backups))
    return made


def test_the_newest_backup_is_restored_verified_and_served_beside_what_serves(site: Site) -> None:
    before = {path: path.stat().st_mtime_ns for path in site.data.rglob("*")}
    status, told = site.drill()
    assert status == 0
    assert told["evidence"] == "0 files are what was uploaded"
    assert isinstance(told["recovery_seconds"], float)
    assert told["recovery_point_seconds"] is not None
    assert {path: path.stat().st_mtime_ns for path in site.data.rglob("*")} == before


def test_a_newest_backup_that_gives_way_to_an_older_one_is_a_failed_drill_and_the_last_good_one_stays_known(
    site: Site,
) -> None:
    _, good = site.drill()
    damaged = site.backups / "enssol-29990101T000000Z.tar"
    damaged.write_bytes(b"not a backup")
    try:
        status, told = site.drill()
    finally:
        damaged.unlink()
    assert status == 1
    assert str(told["last_failure"]).startswith(f"{damaged.name} cannot be restored")
    assert told["last_drill_at"] == good["last_drill_at"]


def test_no_drill_is_made_of_a_database_that_a_folder_cannot_hold(site: Site) -> None:
    site.settings["ENSSOL_DATABASE_URL"] = "postgresql://enssol@db.example.com/enssol"
    try:
        status, told = site.drill()
    finally:
        del site.settings["ENSSOL_DATABASE_URL"]
    assert status == 1
    assert "only a site on SQLite" in str(told["last_failure"])


@pytest.mark.parametrize("unit", ["enssol-drill.service", "enssol-drill.timer"])
def test_a_unit_uses_only_what_systemd_229_knows(unit: str) -> None:
    known = KNOWN_TO_229 | {"Timer": {"OnCalendar", "Persistent"}}
    known["Unit"] |= {"ConditionPathExists"}
    known["Service"] |= {"Nice", "IOSchedulingClass", "ExecStartPre"}
    text = (ROOT / "roles" / "backup" / "templates" / f"{unit}.j2").read_text()
    assert [line for line in directives(text) if line[1] not in known[line[0]]] == []
