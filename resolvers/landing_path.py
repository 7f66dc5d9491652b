"""The page of the mini-program on which whoever taps a shared card lands."""

from typing import Final

LANDING_PAGE: Final = "pages/landing/landing"
"""It asks for `landing(input: {shareToken})`. A client with another page keeps what stands after the question mark."""


def landing_path(token: str) -> str:
    """Return the path of a card that carries a share link's token, as WeChat writes it: without a slash before it."""
    return f"{LANDING_PAGE}?st={token}"
