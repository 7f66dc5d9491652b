"""Which migrations a database still lacks, for whoever must say so before a query fails."""

from pathlib import Path

import asyncpg

_MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"


async def pending_migrations(connection: "asyncpg.Pool | asyncpg.Connection") -> list[str]:
    """Return the names of migrations in the code that this database has not seen, oldest first."""
    known = sorted(file.stem for file in _MIGRATIONS.glob("[0-9]*.py"))
    try:
        rows = await connection.fetch("SELECT name FROM tortoise_migrations")
    except asyncpg.UndefinedTableError:
        return known
    applied = {row["name"] for row in rows}
    return [name for name in known if name not in applied]
