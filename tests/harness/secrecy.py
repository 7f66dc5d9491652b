"""Listens to the whole suite: what servers answer and what they log, for what nobody should be told.

Secrets are learned where they first show: what WeChat tells of people (keys, ids, numbers, tokens) may stand in no
answer of ours and no log; tokens that an answer gives to their owner may stand in no log. So what leaks is known at
once, and the test that was running fails.
"""

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

import logs

# What WeChat tells a server, and what a tester sets up at it.
_OF_WECHAT: Final = frozenset({
    "openid", "unionid", "session_key", "access_token", "refresh_token", "code", "secret", "purePhoneNumber",
    "encodingAesKey", "pushToken", "apiV3Key", "privateKey",
})  # fmt: skip
# What an answer of ours gives to its owner alone.
_GIVEN: Final = re.compile(
    rb'"(\w*(?:[tT]oken))":"([\w.~+/=-]{16,})"|\b(xiaopu_wechat_login)=([\w.=-]{16,})|[?&](invitation)=([\w.=-]{16,})'
)
# A share's token is for everybody.
_PUBLIC: Final = frozenset({"token", "shareToken", "parentToken"})
# Words as secrets are written: base64 as WeChat writes it, then everything that fits into an address.
_WORDS: Final = (re.compile(rb"[A-Za-z0-9+/]{20,}={0,2}"), re.compile(rb"[A-Za-z0-9_-]{11,}"))
# What is never right, whoever it belongs to.
_NEVER: Final = (
    ("a database's address", re.compile(rb"postgres(?:ql)?://|redis://|unix://")),
    ("a private key", re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY")),
    ("a traceback", re.compile(rb"Traceback \(most recent call last\)")),
    ("a field that holds a secret", re.compile(
        rb'"(?:session_?key|app_?secret|api_?v3_?key|\w*_sealed)"\s*:\s*"[^"\[]', re.IGNORECASE)),
)  # fmt: skip
_NEVER_LOGGED: Final = (
    ("a phone number", re.compile(rb"(?<![\w.-])(?:\+?86-?)?1[3-9]\d{9}(?![\w.])")),
    ("a bearer's token", re.compile(rb"[Bb]earer [\w.-]{16,}")),
)
_SHORTEST: Final = 11
_LINE: Final = re.compile(r"[A-Za-z0-9+/]{40,}={0,2}")


@dataclass(slots=True)
class Secrecy:
    """What is secret so far, by how it is written, and what of it was heard."""

    everywhere: dict[bytes, str] = field(default_factory=dict)
    in_logs: dict[bytes, str] = field(default_factory=dict)
    leaks: list[str] = field(default_factory=list)
    answers: int = 0
    lines: int = 0

    def learn(self, kind: str, secret: str, *, in_logs_only: bool = False) -> None:
        """From now on nobody may be told this; with `in_logs_only`, no log. Of a key in a file, no line of it."""
        if "\n" in secret:
            for line in secret.splitlines():
                # In JSON the break before it is a word's letter.
                self._learn_word(kind, line)
                self._learn_word(kind, f"n{line}")
            return
        known = self.in_logs if in_logs_only else self.everywhere
        words = {word for pattern in _WORDS for word in pattern.findall(secret.encode())}
        # The longest word of each way of writing stands for the secret; short ones would be found by chance.
        for word in [*sorted(words, key=len)[-1:], secret.encode()]:
            if len(word) >= _SHORTEST and (in_logs_only or word not in self.in_logs):
                known.setdefault(word, kind)

    def _learn_word(self, kind: str, word: str) -> None:
        if _LINE.fullmatch(word):
            self.everywhere.setdefault(word.encode(), kind)

    def hear_wechat(self, body: bytes) -> None:
        """Learn what WeChat says or is told."""
        for name, secret in _texts(body):
            # WeChat Pay calls what went wrong a code, too.
            if name in _OF_WECHAT and not (name == "code" and secret.isupper()):
                self.learn(name, secret)

    def hear_answer(self, where: str, *parts: bytes) -> None:
        """Look through an answer of ours, and learn what it gives to its owner."""
        self.answers += 1
        text = b"\n".join(parts)
        for found in _GIVEN.finditer(text):
            name, secret = (one for one in found.groups() if one is not None)
            if name.decode() not in _PUBLIC:
                self.learn(name.decode(), secret.decode(), in_logs_only=True)
        self._judge(f"the answer of {where}", text, (self.everywhere,), _NEVER)

    def hear_log(self, where: str, text: bytes) -> None:
        """Look through what was logged."""
        self.lines += text.count(b"\n")
        self._judge(where, text, (self.everywhere, self.in_logs), (*_NEVER, *_NEVER_LOGGED))

    def _judge(
        self,
        where: str,
        text: bytes,
        known: tuple[dict[bytes, str], ...],
        never: Iterable[tuple[str, re.Pattern[bytes]]],
    ) -> None:
        told = {kind for kind, pattern in never if pattern.search(text)}
        for secrets in known:
            if secrets:
                told |= {secrets[word] for pattern in _WORDS for word in secrets.keys() & set(pattern.findall(text))}
        if told:
            test = os.environ.get("PYTEST_CURRENT_TEST", "outside of tests")
            self.leaks.append(f"{', '.join(sorted(told))} in {where}, during {test}")


def _texts(body: bytes) -> list[tuple[str, str]]:
    """All texts of a JSON document by the name they stand under."""
    try:
        left: list[tuple[str, Any]] = [("", orjson.loads(body))]
    except orjson.JSONDecodeError:
        return []
    found = []
    for name, value in left:
        if isinstance(value, dict):
            left.extend(value.items())
        elif isinstance(value, list):
            left.extend((name, one) for one in value)
        elif isinstance(value, str):
            found.append((name, value))
    return found


SECRECY: Final = Secrecy()
"""Of this process's tests."""


def listen_to_logs(secrecy: Secrecy = SECRECY) -> None:
    """Hear every line that this process logs, on its way to where it goes."""
    write = logs._write

    def hear(line: bytes) -> None:
        secrecy.hear_log("the log", line)
        write(line)

    logs._write = hear
