"""A shop with something in every table and a random mark in every text, so that one byte in the wrong hands is found.

`mark` is in what the public may see, `hidden` in what only staff may: drafts, windows that are shut, private extras.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from ids import encode_id, new_id
from models.database import pool
from resolvers.aggregates import refresh_products
from resolvers.hot_search import count_hot_searches
from resolvers.search_log import Searched, write_searches
from resolvers.viewed_product import settle_views
from resolvers.visit_recorder import waiting_visits
from tests.harness.asking import Asker, credentials
from tests.harness.shops import SandboxShop
from tests.journeys.world_cart import fill_cart
from tests.journeys.world_customer import arrive
from tests.journeys.world_group_buys import offer_together, team_up
from tests.journeys.world_messages import tell, tell_in_vain
from tests.journeys.world_metafields import note
from tests.journeys.world_orders import order_more
from tests.journeys.world_outbox import give_up_two
from tests.journeys.world_paying import buy, take_money
from tests.journeys.world_places import settle
from tests.journeys.world_refunds import give_back
from tests.journeys.world_shipping import send

HOUR: Final = timedelta(hours=1)

ERRORS: Final = "userErrors { code field message }"

_FURNISH: Final = f"""
mutation ($shop: ShopUpdateInput!, $location: LocationCreateInput!, $category: CategoryCreateInput!,
          $spareCategory: CategoryCreateInput!, $hidden: String!) {{
  shopUpdate(input: $shop) {{ shop {{ id }} {ERRORS} }}
  location: locationCreate(input: $location, idempotencyKey: $hidden) {{ location {{ id }} {ERRORS} }}
  category: categoryCreate(input: $category, idempotencyKey: $hidden) {{ category {{ id }} {ERRORS} }}
  spareCategory: categoryCreate(input: $spareCategory, idempotencyKey: "2") {{ category {{ id }} {ERRORS} }}
}}"""

_CHILD: Final = f"""
mutation ($input: CategoryCreateInput!) {{
  categoryCreate(input: $input, idempotencyKey: "child") {{ category {{ id }} {ERRORS} }}
}}"""

_PRODUCTS: Final = f"""
mutation ($products: [ProductUpsertInput!]!) {{
  productsUpsert(products: $products, idempotencyKey: "products") {{
    products {{
      id handle options {{ id }} images {{ id }}
      variants(first: 5) {{ nodes {{ id stockLevels {{ id location {{ id }} }} priceHistory {{ id }} }} }}
      metafield(namespace: "shown", key: "care") {{ id }} secret: metafield(namespace: "secret", key: "margin") {{ id }}
    }}
    {ERRORS}
  }}
}}"""

_SHELVES: Final = f"""
mutation ($shown: CollectionCreateInput!, $hidden: CollectionCreateInput!, $spare: CollectionCreateInput!,
          $rule: CollectionCreateInput!, $moves: [StockAdjustmentInput!]!) {{
  shown: collectionCreate(input: $shown, idempotencyKey: "shown") {{ collection {{ id }} {ERRORS} }}
  hidden: collectionCreate(input: $hidden, idempotencyKey: "hidden") {{ collection {{ id }} {ERRORS} }}
  spare: collectionCreate(input: $spare, idempotencyKey: "spare") {{ collection {{ id }} {ERRORS} }}
  rule: collectionCreate(input: $rule, idempotencyKey: "rule") {{ collection {{ id }} {ERRORS} }}
  stockAdjust(adjustments: $moves, idempotencyKey: "moves") {{
    variants {{ stockMoves(first: 1) {{ nodes {{ id }} }} }} {ERRORS}
  }}
}}"""

_FILL: Final = f"""
mutation ($collection: ID!, $hiddenCollection: ID!, $products: [ID!]!) {{
  collectionProductsAdd(id: $collection, productIds: $products) {{ collection {{ id }} {ERRORS} }}
  hidden: collectionProductsAdd(id: $hiddenCollection, productIds: $products) {{ collection {{ id }} {ERRORS} }}
}}"""

_PAGE: Final = f"""
mutation ($page: PageUpsertInput!, $key: String!) {{
  pageUpsert(input: $page, idempotencyKey: $key) {{ page {{ id }} {ERRORS} }}
}}"""

_CURSORS: Final = """
query ($id: ID!) {
  products(first: 1, sortKey: TITLE) { pageInfo { endCursor } }
  collections(first: 1) { pageInfo { endCursor } }
  product(id: $id) { variants(first: 1) { pageInfo { endCursor } } reviews(first: 1) { pageInfo { endCursor } } }
}"""

_PROMOTER: Final = f"""
mutation ($promoter: PromoterCreateInput!) {{
  promoterCreate(input: $promoter, idempotencyKey: "promoter") {{ promoter {{ id }} {ERRORS} }}
}}"""
_LINK: Final = f"""
mutation ($link: ShareCreateInput!) {{
  shareCreate(input: $link, idempotencyKey: "link") {{ shareLink {{ id token }} {ERRORS} }}
}}"""
_VISIT: Final = f"""
mutation ($visit: ID!, $how: VisitTrackInput!) {{
  visitTrack(visitId: $visit, input: $how) {{ visitId {ERRORS} }}
}}"""

_CUSTOMER: Final = """
insert into customer (id, shop_id, nickname, avatar_url, created_at) values ($1, $2, $3::text, $3::text, $4)
"""
_REVIEW: Final = """
insert into review (id, shop_id, product_id, customer_id, author_name, rating, body, image_urls, status, hidden_reason,
    reply, replied_at, source, external_id, version, created_at)
values ($1, $2, $3, $4, $5::text, 5, $5::text, array['https://img.example/' || $5::text], $6, $7::text, $5::text, $8,
    $7::text, gen_random_uuid()::text, 1, $8)
"""


@dataclass(frozen=True, slots=True)
class World:
    """A furnished shop: its marks, and the ids and cursors that clients know it by."""

    shop: SandboxShop
    mark: str = field(default_factory=lambda: f"mark{secrets.token_hex(8)}")
    hidden: str = field(default_factory=lambda: f"dark{secrets.token_hex(8)}")
    ids: dict[str, str] = field(default_factory=dict)
    cursors: dict[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> str:
        return self.ids[name]

    @property
    def customer(self) -> Asker:
        """Somebody who has logged in."""
        return Asker(self.shop.http, credentials(key=self.shop.key, token=self.ids["customer.token"]))

    @property
    def friend(self) -> Asker:
        """Somebody else who has logged in, and leads a team."""
        return Asker(self.shop.http, credentials(key=self.shop.key, token=self.ids["friend.token"]))

    async def asked(self, document: str, **variables: Any) -> Mapping[str, Any]:
        """Ask as the owner; everything must be done as wished."""
        answer = await self.shop.staff(document, variables)
        assert answer.refusals == []
        return answer.data


async def furnish(shop: SandboxShop) -> World:
    """Put something into every table of a shop that is empty."""
    world = World(shop)
    ids, mark, hidden = world.ids, world.mark, world.hidden
    ids["shop"] = shop.global_id
    made = await world.asked(
        _FURNISH, hidden=hidden,
        shop={"version": 1, "name": mark, "description": mark, "logoUrl": f"https://img.example/{mark}",
              "servicePromises": [{"title": mark, "text": mark}]},
        location={"name": hidden},
        category={"name": mark, "handle": mark, "imageUrl": f"https://img.example/{mark}"},
        spareCategory={"name": f"spare {mark}"},
    )  # fmt: skip
    ids |= {
        "location": made["location"]["location"]["id"],
        "category": made["category"]["category"]["id"],
        "spareCategory": made["spareCategory"]["category"]["id"],
    }
    child = await world.asked(_CHILD, input={"name": mark, "handle": f"child-{mark}", "parentId": ids["category"]})
    ids["child"] = child["categoryCreate"]["category"]["id"]
    await _products(world)
    ids |= await offer_together(shop, mark, hidden, ids)
    await _shelves(world)
    await _reviews(world)
    ids |= await arrive(shop, mark)
    ids |= await settle(shop, world.customer, mark, hidden)
    ids |= await give_up_two(shop, hidden)
    ids |= await take_money(shop, mark)
    ids |= await buy(world.customer, mark, ids["sibling.variant"], ids["address"])
    ids |= await order_more(shop, world.customer, mark, hidden, ids["sibling.variant"], ids["address"], ids["order"])
    bought = {"variant": ids["sibling.variant"], "address": ids["address"]}
    ids |= await send(shop, world.customer, mark, hidden, **bought)
    ids |= await give_back(shop, world.customer, mark, hidden, **bought)
    ids |= await team_up(shop, mark, ids)
    ids |= await fill_cart(world.customer, mark, ids["product.variant"])
    ids |= await tell(shop, world.customer, mark, hidden)
    ids |= await tell_in_vain(shop, ids)
    ids |= await note(shop, ids, mark, hidden)
    await _visits(world)
    await _pages(world)
    await _searches(world)
    await _looks(world)
    read = await world.asked(_CURSORS, id=ids["product"])
    world.cursors["products"] = read["products"]["pageInfo"]["endCursor"]
    world.cursors["collections"] = read["collections"]["pageInfo"]["endCursor"]
    world.cursors["variants"] = read["product"]["variants"]["pageInfo"]["endCursor"]
    world.cursors["reviews"] = read["product"]["reviews"]["pageInfo"]["endCursor"]
    return world


def goods(world: World, name: str, mark: str, **more: Any) -> dict[str, Any]:
    """A product with `mark` in every text that the public sees and the hidden mark in the rest."""
    return {
        "handle": f"{name}-{mark}", "title": f"{name} {mark}", "vendor": mark, "productType": mark, "tags": [mark],
        "descriptionHtml": f"<p>{mark}</p>", "seoTitle": mark, "seoDescription": mark, "status": "ACTIVE",
        "origin": "SUPPLIED", "source": world.hidden, "externalId": f"{name}-{world.hidden}",
        "categoryId": world["child"],
        "options": [{"name": f"规格{mark}", "values": [mark, f"{mark}大"]}],
        "media": [{"url": f"https://img.example/{name}-{mark}.jpg", "alt": mark}],
        "metafields": [
            {"namespace": "shown", "key": "care", "value": mark, "visibility": "STOREFRONT"},
            {"namespace": "secret", "key": "margin", "value": world.hidden},
        ],
        "variants": [
            {"optionValues": [mark], "price": {"fen": 9900}, "onHand": 30, "cost": {"fen": 100}, "sku": mark,
             "barcode": mark, "source": world.hidden, "externalId": f"{name}-1-{world.hidden}",
             "metafields": [{"namespace": "secret", "key": "margin", "value": world.hidden}]},
            {"optionValues": [f"{mark}大"], "price": {"fen": 10900}, "compareAtPrice": {"fen": 12900}, "onHand": 3},
        ],
        **more,
    }  # fmt: skip


async def _products(world: World) -> None:
    now, ids, hidden = world.shop.caller.now, world.ids, world.hidden
    wishes = {
        "product": goods(world, "product", world.mark),
        "sibling": goods(world, "sibling", world.mark),
        "spare": goods(world, "spare", world.mark),
        "draft": goods(world, "draft", hidden, status="DRAFT"),
        "archived": goods(world, "archived", hidden, status="ARCHIVED"),
        "early": goods(world, "early", hidden, publishedAt=(now + HOUR).isoformat()),
        "late": goods(
            world, "late", hidden, publishedAt=(now - 2 * HOUR).isoformat(), unpublishAt=(now - HOUR).isoformat()
        ),
    }
    made = await world.asked(_PRODUCTS, products=list(wishes.values()))
    for name, product in zip(wishes, made["productsUpsert"]["products"], strict=True):
        first, second = product["variants"]["nodes"]
        ids |= {
            name: product["id"],
            f"{name}.handle": product["handle"],
            f"{name}.option": product["options"][0]["id"],
            f"{name}.medium": product["images"][0]["id"],
            f"{name}.variant": first["id"],
            f"{name}.variant2": second["id"],
            f"{name}.level": first["stockLevels"][0]["id"],
            f"{name}.price": first["priceHistory"][0]["id"],
            f"{name}.metafield": product["metafield"]["id"],
            f"{name}.secret": product["secret"]["id"],
        }
        ids["defaultLocation"] = first["stockLevels"][0]["location"]["id"]


async def _shelves(world: World) -> None:
    mark, hidden, ids = world.mark, world.hidden, world.ids

    def shelf(name: str, mark: str, **more: Any) -> dict[str, Any]:
        words = {"title": f"{name} {mark}", "handle": f"{name}-{mark}", "description": mark}
        return {**words, "imageUrl": f"https://img.example/{mark}", "kind": "MANUAL", **more}

    rule = {"field": "VENDOR", "relation": "CONTAINS", "value": mark}
    move = {"reason": "RECEIVED", "note": hidden, "delta": 5}
    names = ("product", "draft", "early")
    made = await world.asked(
        _SHELVES,
        shown=shelf("shown", mark), hidden=shelf("hidden", hidden, published=False), spare=shelf("spare", mark),
        rule=shelf("rule", mark, kind="RULE", rules=[rule]),
        moves=[{"variantId": ids[f"{name}.variant"], **move} for name in names],
    )  # fmt: skip
    ids |= {
        "collection": made["shown"]["collection"]["id"],
        "hiddenCollection": made["hidden"]["collection"]["id"],
        "spareCollection": made["spare"]["collection"]["id"],
        "ruleCollection": made["rule"]["collection"]["id"],
        "collection.handle": f"shown-{mark}",
    }
    for name, variant in zip(names, made["stockAdjust"]["variants"], strict=True):
        ids[f"{name}.move"] = variant["stockMoves"]["nodes"][0]["id"]
    await world.asked(
        _FILL, collection=ids["collection"], hiddenCollection=ids["hiddenCollection"],
        products=[ids["product"], ids["sibling"], ids["draft"], ids["early"], ids["late"]],
    )  # fmt: skip


async def _reviews(world: World) -> None:
    """Written in SQL: customers have no door of their own yet."""
    shop_id, now = world.shop.id, world.shop.caller.now
    customer = new_id()
    wanted = {
        "review": ("product", "PUBLISHED", world.mark),
        "pending": ("product", "PENDING", world.hidden),
        "hiddenReview": ("product", "HIDDEN", world.hidden),
        "draftReview": ("draft", "PUBLISHED", world.hidden),
    }
    async with pool().acquire() as sql:
        world.ids["customer"] = encode_id("cus", customer)
        await sql.execute(_CUSTOMER, customer, shop_id, world.hidden, now)
        for name, (product, status, mark) in wanted.items():
            review = new_id()
            product_id = await sql.fetchval(
                "select id from product where shop_id = $1 and handle = $2", shop_id, world[f"{product}.handle"]
            )
            await sql.execute(_REVIEW, review, shop_id, product_id, customer, mark, status, world.hidden, now)
            world.ids[name] = encode_id("rev", review)
            await refresh_products(sql, shop_id, [product_id])


async def _visits(world: World) -> None:
    """Somebody promotes, shares, and brings a visitor; what is known of the visit is for staff only."""
    shop, ids, mark, hidden = world.shop, world.ids, world.mark, world.hidden
    ids["owner"] = encode_id("stf", shop.owner.id)
    promoter = {
        "kind": "PARTNER", "name": mark, "avatarUrl": f"https://img.example/{mark}", "staffId": ids["owner"],
    }  # fmt: skip
    ids["promoter"] = (await world.asked(_PROMOTER, promoter=promoter))["promoterCreate"]["promoter"]["id"]
    link = {
        "target": {"productId": ids["product"]}, "promoterId": ids["promoter"], "channel": mark, "campaign": mark,
    }  # fmt: skip
    made = (await world.asked(_LINK, link=link))["shareCreate"]["shareLink"]
    ids |= {
        "shareLink": made["id"],
        "shareLink.token": made["token"],
        "visitor": str(uuid4()),
    }
    how = {
        "path": f"pages/{hidden}", "query": f"gdt_vid={hidden}", "scene": 1007, "shareToken": made["token"],
        "channel": hidden, "campaign": hidden, "article": hidden, "openGId": hidden, "referrerAppid": hidden,
        "platform": hidden,
    }  # fmt: skip
    told = await shop.visitor.also(x_visitor_id=ids["visitor"])(_VISIT, {"visit": str(uuid4()), "how": how})
    assert told.refusals == []
    assert await waiting_visits(shop.id) == 0


async def _looks(world: World) -> None:
    """By the visitor and by the customer."""
    asked = "query ($handle: Handle) { product(handle: $handle) { id } }"
    for asker in (world.shop.visitor.also(x_visitor_id=world["visitor"]), world.customer):
        assert (await asker(asked, {"handle": world["product.handle"]})).errors == []
    await settle_views()


async def _searches(world: World) -> None:
    """By the visitor and by another, so that the words are hot."""
    now, visitors = world.shop.caller.now, (UUID(world["visitor"]), uuid4())
    await write_searches([Searched(world.shop.id, visitor, world.mark, now) for visitor in visitors])
    await count_hot_searches(now, world.shop.id)


async def _pages(world: World) -> None:
    """A home and a topic with blocks that name things, one that is not published, and one to be deleted."""
    ids, url = world.ids, f"https://img.example/{world.mark}"

    async def put(name: str, mark: str, **more: Any) -> None:
        page = {"title": f"{name} {mark}", "shareTitle": mark, "shareImageUrl": f"{url}-{mark}", **more}
        made = await world.asked(_PAGE, page={"published": True, "handle": f"{name.lower()}-{mark}", **page}, key=name)
        ids[name] = made["pageUpsert"]["page"]["id"]

    look = {"url": url, "alt": world.mark, "tags": [{"x": 1, "y": 2, "productId": ids["product"]}]}
    blocks = [
        {"products": {"title": world.mark, "productIds": [ids["product"], ids["draft"], ids["early"]]}},
        {"products": {"collectionId": ids["collection"]}},
        {"banner": {"url": url, "alt": world.mark, "target": {"kind": "PRODUCT", "id": ids["draft"]}}},
        {"collection": {"collectionId": ids["hiddenCollection"]}},
        {"text": {"text": world.mark}},
        {"look": look},
    ]
    await put("hiddenPage", world.hidden, published=False, blocks=[{"text": {"text": world.hidden}}])
    await put("page", world.mark, blocks=[{"image": {"url": url, "target": {"kind": "PAGE", "id": ids["hiddenPage"]}}}])
    await put("home", world.mark, kind="HOME", blocks=blocks)
    await put("sparePage", world.mark)
