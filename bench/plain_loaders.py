"""What resolvers of one request of the plain application share: shop, time and DataLoaders."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from strawberry.dataloader import DataLoader
from tortoise.expressions import Q
from tortoise.queryset import QuerySet

from models.media import Media as MediaRow
from models.media import MediaKind
from models.option import ProductOption as OptionRow
from models.product import Product as ProductRow
from models.product import ProductStatus
from models.variant import Variant as VariantRow


class Asking:
    """What resolvers of one request share: the shop, its time and its loaders."""

    def __init__(self, shop_id: UUID, now: datetime) -> None:
        self.shop_id = shop_id
        self.now = now
        self.images: DataLoader[UUID, list[MediaRow]] = DataLoader(self._images)
        self.variants: DataLoader[UUID, list[VariantRow]] = DataLoader(self._variants)
        self.options: DataLoader[UUID, list[OptionRow]] = DataLoader(self._options)

    def on_sale(self) -> QuerySet[ProductRow]:
        """Products that the public may see."""
        return ProductRow.filter(
            Q(unpublish_at__isnull=True) | Q(unpublish_at__gt=self.now),
            shop_id=self.shop_id,
            status=ProductStatus.ACTIVE,
            published_at__lte=self.now,
        )

    async def _images(self, ids: list[UUID]) -> list[list[MediaRow]]:
        rows = MediaRow.filter(shop_id=self.shop_id, product_id__in=ids, kind=MediaKind.IMAGE)
        return _by_product(ids, await rows.order_by("position", "id"))

    async def _variants(self, ids: list[UUID]) -> list[list[VariantRow]]:
        rows = VariantRow.filter(shop_id=self.shop_id, product_id__in=ids)
        return _by_product(ids, await rows.order_by("position", "id"))

    async def _options(self, ids: list[UUID]) -> list[list[OptionRow]]:
        rows = OptionRow.filter(shop_id=self.shop_id, product_id__in=ids)
        return _by_product(ids, await rows.order_by("position", "id"))


def _by_product(ids: list[UUID], rows: Sequence[Any]) -> list[list[Any]]:
    found: dict[UUID, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.product_id].append(row)
    return [found[id_] for id_ in ids]
