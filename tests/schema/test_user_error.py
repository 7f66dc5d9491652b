"""Every reason that a command may give is one that clients know, and comes to them with all it knows."""

from typing import Any

import models.refusal as stored
from models.refusal import ConflictRefusal, LimitRefusal, Refusal, RetryRefusal, StockRefusal
from schema.attempt import user_error
from schema.user_error import (
    ConflictUserError,
    LimitUserError,
    PlainUserError,
    RetryUserError,
    StockUserError,
    UserErrorCode,
)


def test_clients_know_every_code() -> None:
    assert [code.name for code in UserErrorCode] == [code.name for code in stored.UserErrorCode]


def test_a_refusal_keeps_what_it_knows() -> None:
    said: dict[str, Any] = {"field": ["a", "0"], "message": "不"}
    code = stored.UserErrorCode

    assert [
        user_error(Refusal(code.TAKEN, "不", "no", "a", 0), "zh-CN"),
        user_error(StockRefusal("不", "no", "a", 0, available=3), "zh-CN"),
        user_error(LimitRefusal("不", "no", "a", 0, limit=10, used=11), "zh-CN"),
        user_error(RetryRefusal(code.BUSY, "不", "no", "a", 0, retry_after_ms=1000), "zh-CN"),
    ] == [
        PlainUserError(code=UserErrorCode.TAKEN, **said),
        StockUserError(code=UserErrorCode.OUT_OF_STOCK, **said, available=3),
        LimitUserError(code=UserErrorCode.LIMIT_REACHED, **said, limit=10, used=11),
        RetryUserError(code=UserErrorCode.BUSY, **said, retry_after_ms=1000),
    ]


def test_words_are_in_the_callers_language() -> None:
    refusal = ConflictRefusal("version", version=2)

    chinese, english = user_error(refusal, "zh-CN"), user_error(refusal, "en")

    assert isinstance(english, ConflictUserError)
    assert (chinese.message, english.message) == (
        "内容已被他人修改，请刷新后重试",
        "Changed by somebody else; reload and try again",
    )
    assert english.version == 2
