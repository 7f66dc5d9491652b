"""Who comes to the small shop: customers and what they agreed to, chains of shares, visits, and searches."""

from datetime import timedelta
from itertools import cycle
from uuid import UUID

from ids import new_id
from tests.engine.small_places import placed
from tests.engine.small_shop import NOW, SmallShop

DEVICES = tuple(UUID(int=0x8_000_000 + number) for number in range(4))
"""What clients call themselves; the same devices come to every shop, for nothing keeps them from it."""
CAMPAIGNS = ("618", "it's", None)
WAYS_IN = (
    (1007, "CHAT_CARD", "SHARE"), (1047, "CODE", "SHARE"), (None, None, "CAMPAIGN"), (1067, "ADS", "AD"),
    (1129, "OTHER", "SCENE"), (None, None, "DIRECT"),
)  # fmt: skip
"""Scene value, its group, and what such a visit is owed to."""


def peopled(shop: SmallShop) -> SmallShop:
    """Add them to a shop that has pages, and return it."""
    _customers(shop)
    _promoters(shop)
    _links(shop)
    _visits(shop)
    _searches(shop)
    _views(shop)
    return placed(shop)


def _customers(shop: SmallShop) -> None:
    """The first has all there is to have, the second nothing, the third turned out to be the first."""
    first, second, _third = (
        shop.add(
            "customer", nickname=f"{shop.word}{number}", avatar_url=None if number else f"https://img.example/{shop.word}",
            phone_sealed=None if number else b"-", phone_hash=None if number else bytes(32),
            phone_masked=None if number else "138****0000", merged_into=None,
            created_at=NOW - timedelta(days=number),
        )
        for number in range(3)
    )  # fmt: skip
    shop.rows["customer"][2]["merged_into"] = first
    for customer, kind, days, withdrawn, current in (
        (first, "TERMS", 9, None, True),
        (first, "PRIVACY", 9, None, True),
        (first, "MARKETING", 9, NOW - timedelta(days=8), False),
        (first, "MARKETING", 3, NOW - timedelta(days=1), True),
        (second, "TERMS", 1, None, True),
    ):
        shop.add(
            "consent", customer_id=customer, kind=kind, policy_version=f"{shop.word}{days}",
            given_at=NOW - timedelta(days=days), withdrawn_at=withdrawn, is_current=current,
        )  # fmt: skip
    for number, product in enumerate((None, *shop.ids("product")[:8])):
        shop.add(
            "favourite", customer_id=first if number < 8 else second, product_id=product,
            created_at=NOW - timedelta(days=number // 2),
        )  # fmt: skip


def _promoters(shop: SmallShop) -> None:
    """One of each kind, three made in one moment, one of them a customer, one that is no more."""
    works_here = shop.add("staff", name=shop.word, roles=["KOL"], active=True, token_version=1, created_at=NOW)
    for number, kind in enumerate(("KOL", "GUIDE", "CUSTOMER", "PARTNER")):
        shop.add(
            "promoter", kind=kind, name=f"{shop.word}{kind}",
            avatar_url=f"https://img.example/{shop.word}" if number % 2 else None,
            staff_id=works_here if kind == "CUSTOMER" else None,
            customer_id=shop.ids("customer")[0] if kind == "CUSTOMER" else None, active=kind != "PARTNER",
            version=1 + number, created_at=NOW - timedelta(days=7 + number // 3), updated_at=NOW,
        )  # fmt: skip


def _links(shop: SmallShop) -> None:
    """A chain four deep, of promoters, customers and the shop; over, over this moment, and not yet over."""
    products, collections = shop.ids("product"), shop.ids("collection")
    customers, promoters = shop.ids("customer"), shop.ids("promoter")
    targets = cycle((("PRODUCT", products[2]), ("SHOP", None), ("COLLECTION", collections[2])))
    owners = cycle(((promoters[-1], None), (None, customers[0]), (None, None), (promoters[-2], None)))
    ends = cycle((None, NOW, NOW + timedelta(microseconds=1), NOW - timedelta(days=1), None))
    campaigns = cycle(CAMPAIGNS)
    above: UUID | None = None
    for number in range(10):
        kind, target = next(targets)
        promoter, customer = next(owners)
        # Of both shops the tokens are the same: only the shop tells them apart.
        above = shop.add(
            "share_link", token=f"Token0000{number:02}", parent_id=above if number % 4 else None, depth=number % 4,
            promoter_id=promoter, customer_id=customer, visitor_id=DEVICES[number % 3], target_kind=kind,
            target_id=target, channel=f"{shop.word}群" if number % 2 else None, campaign=next(campaigns),
            expires_at=next(ends), created_at=NOW - timedelta(days=3 + number // 4),
        )  # fmt: skip


def _visits(shop: SmallShop) -> None:
    """By every way in, several in one moment, of four devices, some of them somebody's own."""
    word, links = shop.word, [row for row in shop.rows["share_link"] if row["token"].startswith("Token")]
    ways = cycle(WAYS_IN)
    for number in range(24):
        scene, group, source = next(ways)
        link = links[number % 5] if source in {"SHARE", "SCENE"} else None
        own = source == "SCENE"
        shop.add(
            "visit", visit_id=new_id(), visitor_id=DEVICES[number % 4], path=f"pages/{word}" if number % 3 else None,
            customer_id=shop.ids("customer")[0] if number % 4 == 0 else None, app_id=None,
            query=f"a={word}&b=***" if number % 2 else None, scene_value=scene, scene_group=group,
            counts=scene != 1129, share_link_id=link["id"] if link else None, article=word if number == 3 else None,
            open_gid=word if number == 0 else None, referrer_appid="wx0" if number == 1 else None,
            platform="ios" if number % 2 else None, client_time=NOW if number % 3 else None,
            arrived_at=NOW - timedelta(hours=number // 3, microseconds=number % 2), source=source,
            promoter_id=link["promoter_id"] if link and not own else None,
            channel=link["channel"] if link and not own else None, campaign="618" if source == "CAMPAIGN" else None,
            is_self_share=own,
        )  # fmt: skip


def _views(shop: SmallShop) -> None:
    """Of two customers and of two devices, several at one moment."""
    first, second, _third = shop.ids("customer")
    for number, product in enumerate(shop.ids("product")[:12]):
        for customer, device in (
            ((first, None), (None, DEVICES[0])) if number % 3 else ((second, None), (None, DEVICES[1]))
        ):
            shop.add(
                "viewed_product", customer_id=customer, visitor_id=device, product_id=product,
                viewed_at=NOW - timedelta(minutes=number // 2),
            )  # fmt: skip


def _searches(shop: SmallShop) -> None:
    """Of every device, some terms more than once, and of nobody any more."""
    for number in range(12):
        shop.add(
            "search", visitor_id=(*DEVICES[:2], None)[number % 3], term=f"{shop.word}{'茶衣裙'[number % 2]}",
            hits=number % 2, is_counted=True, searched_at=NOW - timedelta(minutes=number // 3),
        )  # fmt: skip
