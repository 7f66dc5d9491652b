"""What fields cost beyond the published formula, in points."""

from typing import Final

from engine.sizes import Prices

SEARCH_POINTS: Final = 5

PRICES: Final = Prices(
    bases={
        "Query.products.query": SEARCH_POINTS,
        "Collection.products.query": SEARCH_POINTS,
        "Query.searchSuggest": SEARCH_POINTS,
    }
)
