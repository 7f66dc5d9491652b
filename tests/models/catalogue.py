"""What pg_catalog says of the tables, read once into plain values."""

from dataclasses import dataclass

from models.database import Connection

_TABLES = "select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace order by 1"

_COLUMNS = """
select c.relname as table, a.attname as name, format_type(a.atttypid, a.atttypmod) as type, a.attnotnull as is_required,
       coalesce(pg_get_expr(d.adbin, d.adrelid), '') as default
from pg_attribute a
join pg_class c on c.oid = a.attrelid and c.relkind = 'r' and c.relnamespace = 'public'::regnamespace
left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
where a.attnum > 0 and not a.attisdropped
"""

# Key columns in their order; an expression's place is empty.
_INDEXES = """
select i.indrelid::regclass::text as table, i.indexrelid::regclass::text as name, i.indisunique as is_unique,
       i.indisprimary as is_primary, pg_get_indexdef(i.indexrelid) as definition,
       array(select coalesce(a.attname, '') from unnest(i.indkey::int2[]) with ordinality k(num, place)
             left join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.num
             order by k.place)::text[] as columns
from pg_index i join pg_class c on c.oid = i.indrelid and c.relnamespace = 'public'::regnamespace and c.relkind = 'r'
"""

_FOREIGN_KEYS = """
select conrelid::regclass::text as table, conname as name, confrelid::regclass::text as target,
       confdeltype::text as on_delete,
       array(select attname from unnest(conkey) with ordinality k(num, place)
             join pg_attribute on attrelid = conrelid and attnum = num order by place)::text[] as columns,
       array(select attname from unnest(confkey) with ordinality k(num, place)
             join pg_attribute on attrelid = confrelid and attnum = num order by place)::text[] as target_columns
from pg_constraint where contype = 'f' and connamespace = 'public'::regnamespace
"""

# PostgreSQL 18 lists NOT NULL here too; columns say that already.
_CONSTRAINTS = """
select conrelid::regclass::text as table, conname as name, pg_get_constraintdef(oid) as definition
from pg_constraint where connamespace = 'public'::regnamespace and contype <> 'n'
"""


@dataclass(frozen=True, slots=True)
class Column:
    """A column; `type` as PostgreSQL writes it, `default` empty when there is none."""

    table: str
    name: str
    type: str
    is_required: bool
    default: str


@dataclass(frozen=True, slots=True)
class Index:
    """An index, also those behind keys."""

    table: str
    name: str
    columns: tuple[str, ...]
    is_unique: bool
    is_primary: bool
    definition: str


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """A foreign key and where it points; `on_delete` by pg_constraint's letter (a: refuse, c: cascade, n: null)."""

    table: str
    name: str
    columns: tuple[str, ...]
    target: str
    target_columns: tuple[str, ...]
    on_delete: str


@dataclass(frozen=True, slots=True)
class Constraint:
    """Any constraint, by its definition."""

    table: str
    name: str
    definition: str


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All of one database."""

    tables: tuple[str, ...]
    columns: frozenset[Column]
    indexes: frozenset[Index]
    foreign_keys: frozenset[ForeignKey]
    constraints: frozenset[Constraint]


async def read_catalogue(sql: Connection) -> Catalogue:
    """Read the tables of schema public."""
    return Catalogue(
        tables=tuple(row[0] for row in await sql.fetch(_TABLES)),
        columns=frozenset(Column(**row) for row in await sql.fetch(_COLUMNS)),
        indexes=frozenset(
            Index(**{**row, "columns": tuple(row["columns"])}) for row in map(dict, await sql.fetch(_INDEXES))
        ),
        foreign_keys=frozenset(
            ForeignKey(**{**row, "columns": tuple(row["columns"]), "target_columns": tuple(row["target_columns"])})
            for row in map(dict, await sql.fetch(_FOREIGN_KEYS))
        ),
        constraints=frozenset(Constraint(**row) for row in await sql.fetch(_CONSTRAINTS)),
    )
