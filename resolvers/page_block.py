"""A page's blocks: how each kind is said, what may be wrong with it, and how it is stored."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from models.page import BlockKind
from models.refusal import Refusal, UserErrorCode
from models.share_link import ShareTarget
from resolvers.checks import BULK_MAX, LONG_TEXT_CHARS_MAX, Checks, Step

BLOCKS_MAX: Final = 50
TAGS_MAX: Final = 20
COUNT_MAX: Final = 100
COUNT_DEFAULT: Final = 10
EDGE: Final = 1000
"""Places on a picture are thousandths of its width and height."""

Stored = dict[str, Any]


@dataclass(frozen=True, slots=True)
class TargetDraft:
    """Where a tap leads; `id` is null for the shop's home."""

    kind: ShareTarget
    id: UUID | None = None


@dataclass(frozen=True, slots=True)
class TagDraft:
    """A product on a picture, by its place in thousandths from the left and from the top."""

    x: int
    y: int
    product_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockDraft:
    """One block; each kind reads its own fields. PRODUCTS has `product_ids`, or a collection and a count.

    GROUP_BUYS has a count: it shows whatever is open.
    """

    kind: BlockKind
    title: str = ""
    text: str = ""
    url: str = ""
    alt: str = ""
    target: TargetDraft | None = None
    product_ids: Sequence[UUID] | None = None
    collection_id: UUID | None = None
    count: int = COUNT_DEFAULT
    tags: Sequence[TagDraft] = ()
    said: int = 1
    """How many kinds the input named; anything but one is refused."""


@dataclass(frozen=True, slots=True)
class Named:
    """An id that a block names, and the path of the input that named it."""

    kind: ShareTarget
    id: UUID
    path: tuple[Step, ...]


def block_refusals(blocks: Sequence[BlockDraft], *prefix: Step) -> list[Refusal]:
    """Say what is wrong with blocks by themselves."""
    checks = Checks(*prefix)
    checks.at_most(blocks, BLOCKS_MAX)
    for index, block in enumerate(blocks):
        if block.said != 1:
            checks.refuse(UserErrorCode.INVALID, "每个模块须且只能指定一种类型", "A block is exactly one kind", index)
            continue
        path = (index, _INPUT_NAMES[block.kind])
        checks.text(block.title, *path, "title")
        _CHECKS[block.kind](checks, block, *path)
        _check_target(checks, block, *path)
    return checks.refusals


def _check_target(checks: Checks, block: BlockDraft, *path: Step) -> None:
    """Home has no id; everything else needs one. Teams end within days: no page leads to them."""
    target = block.target
    if target is not None and target.kind is ShareTarget.TEAM:
        checks.refuse(UserErrorCode.INVALID, "页面不能链接到拼团", "No page leads to a team", *path, "target", "kind")
    elif target is not None and (target.kind is ShareTarget.SHOP) != (target.id is None):
        checks.refuse(UserErrorCode.INVALID, "链接目标不完整", "Give an id, but not for SHOP", *path, "target", "id")


def _check_picture(checks: Checks, block: BlockDraft, *path: Step) -> None:
    checks.url(block.url, *path, "url")
    checks.text(block.alt, *path, "alt")


def _check_text(checks: Checks, block: BlockDraft, *path: Step) -> None:
    checks.text(block.text, *path, "text", chars=LONG_TEXT_CHARS_MAX, blank=False)


def _check_products(checks: Checks, block: BlockDraft, *path: Step) -> None:
    if (block.product_ids is None) == (block.collection_id is None):
        checks.refuse(UserErrorCode.INVALID, "商品与集合二选一", "Give products or a collection", *path, "productIds")
    checks.number(block.count, *path, "count", least=1, most=COUNT_MAX)
    ids = block.product_ids or ()
    checks.at_most(ids, min(BULK_MAX, COUNT_MAX), *path, "productIds")
    checks.distinct(ids, "", *path, "productIds")


def _check_count(checks: Checks, block: BlockDraft, *path: Step) -> None:
    checks.number(block.count, *path, "count", least=1, most=COUNT_MAX)


def _check_look(checks: Checks, block: BlockDraft, *path: Step) -> None:
    _check_picture(checks, block, *path)
    checks.at_most(block.tags, TAGS_MAX, *path, "tags")
    for index, tag in enumerate(block.tags):
        checks.number(tag.x, *path, "tags", index, "x", most=EDGE)
        checks.number(tag.y, *path, "tags", index, "y", most=EDGE)


def _nothing_more(_checks: Checks, _block: BlockDraft, *_path: Step) -> None:
    """A collection is right when it is there."""


_CHECKS: Final = {
    BlockKind.BANNER: _check_picture,
    BlockKind.PRODUCTS: _check_products,
    BlockKind.COLLECTION: _nothing_more,
    BlockKind.TEXT: _check_text,
    BlockKind.IMAGE: _check_picture,
    BlockKind.VIDEO: _check_picture,
    BlockKind.LOOK: _check_look,
    BlockKind.GROUP_BUYS: _check_count,
}

_INPUT_NAMES: Final = {kind: kind.value.lower() for kind in BlockKind} | {BlockKind.GROUP_BUYS: "groupBuys"}
"""What the part of the input is called that says a block of a kind."""


def named_by(blocks: Sequence[BlockDraft]) -> Iterator[Named]:
    """Every id that blocks name."""
    for index, block in enumerate(blocks):
        path = (index, _INPUT_NAMES[block.kind])
        if block.target is not None and block.target.id is not None:
            yield Named(block.target.kind, block.target.id, (*path, "target", "id"))
        for place, product_id in enumerate(block.product_ids or ()):
            yield Named(ShareTarget.PRODUCT, product_id, (*path, "productIds", place))
        if block.collection_id is not None:
            yield Named(ShareTarget.COLLECTION, block.collection_id, (*path, "collectionId"))
        for place, tag in enumerate(block.tags):
            yield Named(ShareTarget.PRODUCT, tag.product_id, (*path, "tags", place, "productId"))


def stored_block(block: BlockDraft) -> Stored:
    """Return a block as its page keeps it."""
    target = block.target and {"kind": block.target.kind, "id": block.target.id}
    picture = {"url": block.url, "alt": block.alt}
    if block.product_ids is None:
        products: Stored = {"collectionId": block.collection_id, "count": block.count}
    else:
        products = {"productIds": list(block.product_ids)}
    of_kind: dict[BlockKind, Stored] = {
        BlockKind.BANNER: {**picture, "target": target},
        BlockKind.PRODUCTS: products,
        BlockKind.COLLECTION: {"collectionId": block.collection_id},
        BlockKind.TEXT: {"text": block.text},
        BlockKind.IMAGE: {**picture, "target": target},
        BlockKind.VIDEO: {"url": block.url},
        BlockKind.LOOK: {
            **picture,
            "tags": [{"x": tag.x, "y": tag.y, "productId": tag.product_id} for tag in block.tags],
        },
        BlockKind.GROUP_BUYS: {"count": block.count},
    }
    return {"kind": block.kind, "title": block.title, **of_kind[block.kind]}
