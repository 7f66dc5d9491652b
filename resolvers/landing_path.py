"""The page of the mini-program on which whoever taps a shared card lands."""

from models.wechat_app import LANDING_PAGE


def landing_path(token: str, page: str = LANDING_PAGE) -> str:
    """Return the path of a card that carries a share link's token, as WeChat writes it: without a slash before it."""
    return f"{page}?st={token}"
