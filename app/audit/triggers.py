"""The database's own refusal to let the record be changed: whatever reaches the table, it can only add to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db.backends.base.base import BaseDatabaseWrapper

CREATE = {
    "sqlite": (
        """CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit_auditevent
            BEGIN SELECT RAISE(ABORT, 'The audit trail is only ever added to'); END""",
        """CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit_auditevent
            BEGIN SELECT RAISE(ABORT, 'The audit trail is only ever added to'); END""",
        # INSERT OR REPLACE takes the old row away without asking the trigger above.
        """CREATE TRIGGER audit_no_replace BEFORE INSERT ON audit_auditevent
            WHEN EXISTS (SELECT 1 FROM audit_auditevent WHERE id = NEW.id)
              OR EXISTS (
                SELECT 1 FROM audit_auditevent WHERE organisation_id = NEW.organisation_id AND sequence = NEW.sequence
              )
            BEGIN SELECT RAISE(ABORT, 'The audit trail is only ever added to'); END""",
    ),
    "postgresql": (
        """CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN
                RAISE integrity_constraint_violation USING MESSAGE = 'The audit trail is only ever added to';
            END $$""",
        """CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE ON audit_auditevent
            FOR EACH ROW EXECUTE FUNCTION audit_refuse()""",
        """CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit_auditevent
            FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()""",
        # Also for a session that takes itself for a replica, in which other triggers sleep.
        "ALTER TABLE audit_auditevent ENABLE ALWAYS TRIGGER audit_no_change",
        "ALTER TABLE audit_auditevent ENABLE ALWAYS TRIGGER audit_no_truncate",
    ),
}
DROP = {
    "sqlite": (
        "DROP TRIGGER audit_no_update",
        "DROP TRIGGER audit_no_delete",
        "DROP TRIGGER audit_no_replace",
    ),
    "postgresql": (
        "DROP TRIGGER audit_no_change ON audit_auditevent",
        "DROP TRIGGER audit_no_truncate ON audit_auditevent",
        "DROP FUNCTION audit_refuse()",
    ),
}
STANDING = {
    "sqlite": "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit_auditevent'",
    "postgresql": "SELECT count(*) FROM pg_trigger WHERE tgrelid = 'audit_auditevent'::regclass AND tgenabled = 'A'",
}
NUMBER = {"sqlite": 3, "postgresql": 2}


def create(connection: BaseDatabaseWrapper) -> None:
    """Let the database refuse to change or remove events."""
    _run(connection, CREATE[connection.vendor])


def drop(connection: BaseDatabaseWrapper) -> None:
    """Take the refusal back."""
    _run(connection, DROP[connection.vendor])


def stand(connection: BaseDatabaseWrapper) -> bool:
    """Return whether the database refuses: nobody took the triggers away or switched them off."""
    with connection.cursor() as cursor:
        cursor.execute(STANDING[connection.vendor])
        (number,) = cursor.fetchone()
    return bool(number == NUMBER[connection.vendor])


@contextmanager
def lifted(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Let events be changed within: for tests, which tamper with them and empty the tables afterwards."""
    drop(connection)
    try:
        yield
    finally:
        create(connection)


def _run(connection: BaseDatabaseWrapper, statements: tuple[str, ...]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
