"""The three pages that are measured, as a mini-program asks for them, and their addresses at the hand-written API."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import orjson

LIST = """
query List($first: PageSize!) {
  products(first: $first) {
    nodes {
      id handle title vendor inStock
      priceRange { min { amount fen } max { amount } }
      rating { average count }
      images(first: 3) { url alt width }
      variants(first: 3) { nodes { id title price { amount } availableForSale } }
    }
    pageInfo { hasNextPage endCursor }
  }
}
"""

DETAIL = """
query Detail($handle: Handle!) {
  product(handle: $handle) {
    id handle title vendor productType tags inStock salesCount seoTitle publishedAt
    priceRange { min { amount fen } max { amount fen } }
    rating { average count }
    options { name values }
    images(first: 5) { url alt width height }
    variants(first: 20) {
      nodes {
        id title sku price { amount fen } compareAtPrice { amount }
        availableForSale stockLeft selectedOptions { name value }
      }
    }
  }
}
"""

COLLECTION = """
query Collection($handle: Handle!, $first: PageSize!) {
  collection(handle: $handle) {
    id handle title description imageUrl
    products(first: $first) {
      nodes { id handle title inStock priceRange { min { amount } } featuredImage { url alt } }
      pageInfo { hasNextPage endCursor }
    }
  }
}
"""


@dataclass(frozen=True, slots=True)
class Page:
    """One bench: a document and the variables it is asked with in turn."""

    name: str
    document: str
    variables: list[dict[str, Any]]

    def graphql(self, host: str, key: str) -> list[bytes]:
        """Requests for a GraphQL endpoint, as bytes to send."""
        bodies = [orjson.dumps({"query": self.document, "variables": given}) for given in self.variables]
        head = (
            f"POST /graphql HTTP/1.1\r\nHost: {host}\r\nX-Shop-Key: {key}\r\nAccept: application/json\r\n"
            "Content-Type: application/json\r\nContent-Length: "
        ).encode()
        return [head + b"%d\r\n\r\n" % len(body) + body for body in bodies]

    def hand_written(self, host: str, key: str) -> list[bytes]:
        """Requests for the same pages of the hand-written API."""
        tail = f" HTTP/1.1\r\nHost: {host}\r\nX-Shop-Key: {key}\r\nAccept: application/json\r\n\r\n"
        return [f"GET /{self.name}?{urlencode(given)}{tail}".encode() for given in self.variables]


def pages(product_handles: list[str], collection_handles: list[str]) -> list[Page]:
    """All pages; several products and collections, so that no single row is all that is ever read."""
    return [
        Page("list", LIST, [{"first": 20}]),
        Page("detail", DETAIL, [{"handle": handle} for handle in product_handles]),
        Page("collection", COLLECTION, [{"handle": handle, "first": 20} for handle in collection_handles]),
    ]


def count_fields(value: Any) -> int:  # noqa: ANN401 - parsed JSON
    """How many fields an answer holds: every key of every object."""
    if isinstance(value, dict):
        return sum(1 + count_fields(inner) for inner in value.values())
    return sum(count_fields(item) for item in value) if isinstance(value, list) else 0
