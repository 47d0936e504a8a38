"""Writes the SQL of every migration into a folder, a file each, for a linter: FOLDER."""

import importlib.util
import io
import sys
from pathlib import Path
from types import ModuleType

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext

# Alembic ends its transaction for what cannot run in one, and begins another.
OUTSIDE = "-- squawk-ignore-file transaction-nesting, ban-uncommitted-transaction\n"
ROOT = Path(__file__).resolve().parents[1]


def main(folder: Path) -> int:
    """One file for each step up; returns the exit code."""
    for path in sorted(ROOT.glob("*-service/migrations/versions/*.py")):
        name = f"{path.parts[-4]}-{path.stem}.sql"
        sql = sql_of(loaded(path))
        (folder / name).write_text(OUTSIDE + sql if "CONCURRENTLY" in sql else sql)
    return 0


def loaded(path: Path) -> ModuleType:
    """A migration as a module."""
    spec = importlib.util.spec_from_file_location(f"migration_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise ImportError(path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def sql_of(migration: ModuleType) -> str:
    """What its `upgrade` executes, without a database."""
    text = io.StringIO()
    options = {"as_sql": True, "output_buffer": text, "transactional_ddl": True}
    context = MigrationContext.configure(dialect_name="postgresql", opts=options)
    with Operations.context(context), context.begin_transaction(_per_migration=True):
        migration.upgrade()
    return text.getvalue()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
