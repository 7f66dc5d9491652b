"""The search index: whatever changes a word of a product changes what it is found by, in the same transaction."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

from clock import wall_now
from ids import new_id
from models.database import pool, transaction
from models.product import Product
from resolvers.caller import Caller
from resolvers.category import CategoryDraft, category_update
from resolvers.product import product_create, product_delete, product_update
from resolvers.product_draft import ProductDraft
from resolvers.search_index import BATCH_PRODUCTS, index_products, outdate_all_words, renew_stale_words
from resolvers.search_text import query_of, quoted, shop_lexeme
from resolvers.variant import variants_delete, variants_upsert
from tests.resolvers.drafts import tee, variant
from tests.resolvers.test_categories import branch

_FOUND = """
select product_id from product_words where words @@ $1::tsquery and words @@ $2::tsquery order by product_id
"""
_WORDS = "select product_id, words::text from product_words where shop_id = $1 order by product_id"


async def found(caller: Caller, query: str) -> list[UUID]:
    """The products of the shop that a search finds, hidden ones too."""
    rows = await pool().fetch(_FOUND, quoted(shop_lexeme(caller.shop_id)), query_of(query).all)
    return [row["product_id"] for row in rows]


async def words(caller: Caller) -> Sequence[tuple[UUID, str]]:
    """The words of every product of the shop."""
    return [tuple(row) for row in await pool().fetch(_WORDS, caller.shop_id)]


async def test_a_product_is_found_by_everything_that_is_said_of_it(caller: Caller) -> None:
    *_, shirts = await branch(caller, "服饰", "上装")
    draft = tee(
        title="纯棉圆领衫", vendor="小铺优选", tags=["夏日", "New In"], product_type="短袖", category_id=shirts,
        variants=[variant("S", sku="TEE-S/01"), variant("M", sku="TEE-M/01")],
    )  # fmt: skip
    tee_id = await product_create(caller, draft, "k")

    for query in ("圆领衫", "优选", "夏日", "new", "短袖", "服饰", "上装", "尺码", "m", "tee-s/01", "TEE 01"):
        assert await found(caller, query) == [tee_id], query
    assert await found(caller, "长袖") == []


async def test_what_is_changed_is_found_by_its_new_words_alone(caller: Caller) -> None:
    tee_id = await product_create(caller, tee(title="纯棉圆领衫"), "k")

    await product_update(caller, tee_id, ProductDraft(title="亚麻衬衣"))
    assert (await found(caller, "圆领"), await found(caller, "亚麻")) == ([], [tee_id])

    (added,) = await variants_upsert(caller, tee_id, [variant("M", sku="LINEN-M")], "v")
    assert await found(caller, "linen") == [tee_id]

    await variants_delete(caller, tee_id, [added])
    assert await found(caller, "linen") == []

    await product_delete(caller, tee_id)
    assert await words(caller) == []


async def test_words_that_did_not_change_are_not_written_again(caller: Caller) -> None:
    tee_id = await product_create(caller, tee(), "k")
    written = "select xmin::text from product_words where product_id = $1"
    before = await pool().fetchval(written, tee_id)

    await product_update(caller, tee_id, ProductDraft(seo_title="纯棉"))

    assert await pool().fetchval(written, tee_id) == before


async def test_a_refused_change_changes_no_words(caller: Caller) -> None:
    tee_id = await product_create(caller, tee(title="纯棉圆领衫"), "k")
    before = await words(caller)

    async def change_and_fail() -> None:
        async with transaction() as sql:
            await sql.execute("update product set title = '亚麻' where id = $1", tee_id)
            await index_products(sql, caller.shop_id, [tee_id])
            raise ZeroDivisionError

    (fault,) = await asyncio.gather(change_and_fail(), return_exceptions=True)

    assert isinstance(fault, ZeroDivisionError)
    assert await words(caller) == before


async def test_a_category_takes_its_name_and_place_to_the_products_below(caller: Caller) -> None:
    home, bed, sheets = await branch(caller, "居家", "床品", "床单")
    (summer,) = await branch(caller, "夏季")
    tee_id = await product_create(caller, tee(category_id=sheets), "k")

    await category_update(caller, bed, CategoryDraft(name="卧室"))
    assert (await found(caller, "床品"), await found(caller, "卧室")) == ([], [tee_id])

    await category_update(caller, bed, CategoryDraft(parent_id=summer))
    assert (await found(caller, "居家"), await found(caller, "夏季")) == ([], [tee_id])

    await category_update(caller, home, CategoryDraft(name="家居"))
    assert await found(caller, "家居") == []


async def test_many_products_below_a_category_are_left_to_the_worker(caller: Caller) -> None:
    (bed,) = await branch(caller, "床品")
    tee_id = await product_create(caller, tee(category_id=bed), "k")
    copies = BATCH_PRODUCTS + 20
    await _copy(caller, tee_id, copies)

    await category_update(caller, bed, CategoryDraft(name="卧室"))
    assert len(await found(caller, "卧室")) == BATCH_PRODUCTS

    assert await renew_stale_words(wall_now(), caller.shop_id) == copies + 1 - BATCH_PRODUCTS
    assert len(await found(caller, "卧室")) == copies + 1
    assert await renew_stale_words(wall_now(), caller.shop_id) == 0


async def test_words_made_anew_are_the_words_that_writes_made(caller: Caller) -> None:
    *_, bed = await branch(caller, "居家", "床品")
    for name in ("一", "二"):
        await product_create(caller, tee(f"tee-{name}", title=f"{name}号衫", category_id=bed), name)
    before = await words(caller)

    await outdate_all_words()
    assert await renew_stale_words(wall_now(), caller.shop_id) == 2

    assert await words(caller) == before


async def test_the_worker_leaves_a_product_to_the_command_that_writes_it(caller: Caller) -> None:
    tee_id = await product_create(caller, tee(title="纯棉圆领衫"), "k")
    await outdate_all_words()
    written, go_on = asyncio.Event(), asyncio.Event()

    async def change() -> None:
        async with transaction() as sql:
            await sql.execute("update product set title = '亚麻衬衣' where id = $1", tee_id)
            await index_products(sql, caller.shop_id, [tee_id])
            written.set()
            await go_on.wait()

    changing = asyncio.create_task(change())
    await written.wait()
    assert await renew_stale_words(wall_now(), caller.shop_id) == 0
    go_on.set()
    await changing

    assert await found(caller, "亚麻") == [tee_id]


async def test_two_shops_share_the_index_and_nothing_else(caller: Caller) -> None:
    tee_id = await product_create(caller, tee(title="独一无二"), "k")
    stranger = caller._replace(shop_id=new_id())

    assert await found(caller, "独一无二") == [tee_id]
    assert await found(stranger, "独一无二") == []


async def _copy(caller: Caller, product_id: UUID, copies: int) -> None:
    """Rows like the product's own, and words that were made before."""
    product = await Product.get(id=product_id)
    for number in range(copies):
        product.id, product.handle = new_id(), f"copy-{number}"
        product._saved_in_db = False
        await product.save(force_create=True)
    await pool().execute(
        "insert into product_words (id, shop_id, product_id, words, is_stale)"
        " select gen_random_uuid(), p.shop_id, p.id, w.words, false from product p, product_words w"
        " where p.shop_id = $1 and w.product_id = $2 and p.id <> $2",
        caller.shop_id, product_id,
    )  # fmt: skip
