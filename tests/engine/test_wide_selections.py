"""Objects of many fields and fields of long names: where json_build_object and column names have their limits."""

from collections.abc import Callable

import pytest

from engine.limits import Limits
from models.staff import Role
from tests.engine.both import Both, staff
from tests.engine.small_shop import SmallShop

WIDE = Limits(aliases=10_000, root_fields=1_000, cost=100_000, same_name_pairs=1_000_000)
NAME_63 = "n" * 59

Place = Callable[[str], str]


@pytest.fixture
def wide(small: SmallShop, neighbour: SmallShop) -> Both:
    """An engine that takes more aliases than production does."""
    return Both(WIDE)


PLACES: dict[str, tuple[str, list[str]]] = {
    "root": ("{ %s }", ["shop { id }", "categories { id }", "__typename"]),
    "row": ("{ shop { %s } }", ["id", "name", "createdAt", "mode", "__typename"]),
    "rows": ("{ categories { %s } }", ["id", "name", "position", "imageUrl", "parent { id }"]),
    "value": ("{ products { nodes { priceRange { min { %s } } } } }", ["fen", "amount", "currencyCode", "__typename"]),
    "null value": ("{ products { nodes { variants { nodes { compareAtPrice { %s } } } } } }", ["fen", "amount"]),
    "derived": ("{ products(first: 4) { facets { values { %s } } } }", ["id", "label", "count", "input"]),
    "interface": ("{ products { nodes { description { %s } } } }", ["html", "__typename", "... on TextBlock { text }"]),
    "node": ('{ node(id: "$product") { ... on Product { %s } } }', ["id", "title", "tags", "rating { average }"]),
    "connection": ("{ products(first: 2) { %s } }", ["totalCount", "nodes { id }", "edges { cursor }", "__typename"]),
    "nodes": ("{ products(first: 3) { nodes { %s } } }", ["id", "title", "updatedAt", "descriptionHtml", "tags"]),
    "edge": ("{ products(last: 3) { edges { %s } } }", ["cursor", "node { id }", "__typename"]),
    "pageInfo": (
        "{ products(last: 3) { pageInfo { %s } } }",
        ["hasNextPage", "hasPreviousPage", "startCursor", "endCursor", "__typename"],
    ),
}


def selection(fields: list[str], count: int, stem: str) -> str:
    """So many fields under names of their own, in turns."""
    chosen = [fields[number % len(fields)] for number in range(count)]
    return " ".join(one if one.startswith("...") else f"{stem}{number:04}: {one}" for number, one in enumerate(chosen))


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    ("count", "stem"),
    [(50, "f"), (51, "f"), (120, "f"), (3, NAME_63), (3, f"{NAME_63}n"), (51, f"{NAME_63}n"), (120, f"{NAME_63}nn")],
    ids=["50", "51", "120", "3 of 63 bytes", "3 of 64 bytes", "51 of 64 bytes", "120 of 65 bytes"],
)
async def test_any_number_of_fields_under_any_name(
    wide: Both, small: SmallShop, place: str, count: int, stem: str
) -> None:
    """The answer is graphql-core's, whatever is selected at once."""
    document, fields = PLACES[place]
    text = (document % selection(fields, count, stem)).replace("$product", f"prd_{small.ids('product')[2].hex}")

    answer = await wide.same(text, None, staff(small, Role.CATALOGUE))

    assert answer


async def test_names_that_differ_only_behind_their_63rd_byte(wide: Both, small: SmallShop) -> None:
    """PostgreSQL would take them for one."""
    stem = "x" * 70
    text = f"{{ shop {{ {stem}a: id {stem}b: name }} }}"

    answer = await wide.same(text, None, staff(small))

    assert answer["shop"] == {"x" * 70 + "a": f"shp_{small.id.hex}", "x" * 70 + "b": "甲乙小铺"}
