"""The demo's home page, put together as a shop would: a banner, goods, shelves, a picture to shop from, some words."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from ids import new_id
from models.database import Connection
from models.page import BlockKind, Page, PageKind
from models.share_link import ShareTarget
from resolvers.caller import Caller
from resolvers.demo_data import IMAGE_HOST
from resolvers.page_block import BlockDraft, TagDraft, TargetDraft, stored_block
from resolvers.rows import insert_rows

HANDLE: Final = "home"
_WELCOME: Final = "东西不多，件件用心。\n下单后四十八小时内发出，不合心意，七天可退。"


async def add_home(
    sql: Connection, caller: Caller, product_ids: Mapping[str, UUID], collection_ids: Mapping[str, UUID]
) -> None:
    """Put the home page up, published; ids are found by handle."""
    blocks = (
        BlockDraft(
            kind=BlockKind.BANNER,
            url=f"{IMAGE_HOST}/home-banner.jpg",
            alt="新品上架",
            target=TargetDraft(ShareTarget.COLLECTION, collection_ids["new"]),
        ),
        BlockDraft(kind=BlockKind.TEXT, title="掌柜的话", text=_WELCOME),
        BlockDraft(
            kind=BlockKind.PRODUCTS,
            title="店长推荐",
            product_ids=[
                product_ids[handle] for handle in ("old-white-tea", "ru-kiln-teacup", "washed-cotton-bedding")
            ],
        ),
        BlockDraft(kind=BlockKind.PRODUCTS, title="热卖榜", collection_id=collection_ids["hot"], count=6),
        BlockDraft(
            kind=BlockKind.LOOK,
            title="一张茶桌",
            url=f"{IMAGE_HOST}/home-tea-table.jpg",
            alt="午后的茶桌",
            tags=[
                TagDraft(320, 540, product_ids["celadon-gaiwan"]),
                TagDraft(610, 580, product_ids["osmanthus-chestnut-cake"]),
            ],
        ),
        BlockDraft(kind=BlockKind.COLLECTION, title="送礼清单", collection_id=collection_ids["gifts"]),
    )
    row = {
        "id": new_id(),
        "shop_id": caller.shop_id,
        "handle": HANDLE,
        "kind": PageKind.HOME,
        "title": "首页",
        "blocks": [stored_block(block) for block in blocks],
        "published": True,
        "share_title": "小铺：好物不贵，慢慢挑",
        "share_image_url": f"{IMAGE_HOST}/home-banner.jpg",
        "version": 1,
        "created_at": caller.now,
        "updated_at": caller.now,
    }
    await insert_rows(sql, Page, [row])
