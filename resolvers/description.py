"""Descriptions: whatever HTML comes in is cut into typed blocks of safe text, pictures, films and product cards.

A block is `{"kind", "html", ...}`: TEXT has `text` (plain), IMAGE `url` and `alt`, VIDEO `url`, PRODUCT `handle`.
`html` is the block's share of the safe subset that a mini-program's rich-text shows, so the whole is their joining.
Films and product cards have no tag there: they are written as marked links, which come back as the same blocks.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from html import escape, unescape
from typing import Any, Final

import nh3

from resolvers.checks import is_url

DESCRIPTION_CHARS_MAX: Final = 200_000
# A picture closes and opens again all that is around it: without a bound, deep markup would grow by its square.
DEPTH_MAX: Final = 32
# The cleaner's time grows by the square of what stands open: 40,000 open lists would hold everybody up for 16 s.
OPEN_MAX: Final = 256

Block = dict[str, Any]

# What rich-text knows and a description needs; no class, no style, no id.
_TAGS: Final = {
    "a", "b", "big", "blockquote", "br", "caption", "center", "cite", "code", "col", "colgroup", "dd", "del", "div",
    "dl", "dt", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "iframe", "img", "ins", "li", "mark", "ol", "p",
    "pre", "q", "s", "small", "source", "span", "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th",
    "thead", "tr", "u", "ul", "video",
}  # fmt: skip
# Their words are not words of the description.
_SILENT: Final = {"script", "style", "title", "textarea", "noscript", "template", "svg", "math", "object", "select"}
_ATTRIBUTES: Final = {
    "a": {"href", "data-product", "data-video"},
    "img": {"src", "alt", "data-src"},
    "video": {"src"},
    "source": {"src"},
    "iframe": {"src"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
    "ol": {"start"},
}
_CLEANER: Final = nh3.Cleaner(
    tags=_TAGS,
    clean_content_tags=_SILENT,
    attributes=_ATTRIBUTES,
    url_schemes={"http", "https"},
    link_rel=None,
    strip_comments=True,
)

# Safe on the cleaner's own output only: there every attribute is in double quotes and < is always a tag.
_TOKEN: Final = re.compile(r"<(/?)([a-z][a-z0-9]*)((?: [a-z-]+=\"[^\"]*\")*)>")
# To a parser an iframe holds raw text, so the cleaner lets tags in it stand; none of it is ever shown.
_IFRAME: Final = re.compile(r"(<iframe(?: [a-z-]+=\"[^\"]*\")*>).*?</iframe>", re.DOTALL)
_ANY_TAG: Final = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9-]*)[^<>]*>")
# They never stand open inside each other: the next one closes the one before.
_CLOSED_BY_THE_NEXT: Final = {"p", "li", "dt", "dd", "td", "th", "tr", "tbody", "thead", "tfoot", "option"}
_ATTRIBUTE: Final = re.compile(r" ([a-z-]+)=\"([^\"]*)\"")
# Each begins a line of the plain words; cells of a row stand apart on one.
_LINES: Final = {
    "blockquote", "br", "caption", "center", "dd", "div", "dl", "dt", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li",
    "ol", "p", "pre", "table", "tr", "ul",
}  # fmt: skip
_BREAK: Final = "\x0b"
"""Marks the end of a line among words; what comes in is cleared of it."""
# Left out where they hold nothing: a picture that had a paragraph to itself leaves two of them behind.
_NOTHING_WHEN_EMPTY: Final = {"a", "b", "center", "div", "em", "i", "p", "span", "strong", "u"}
_VOID: Final = {"br", "hr", "col", "img", "source"}
_PAIRED_MEDIA: Final = {"video", "iframe"}
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_SMALL_NUMBER: Final = re.compile(r"[1-9][0-9]{0,3}")
_SPACES: Final = re.compile(r"\s+")


def description_blocks(html: str) -> list[Block]:
    """Cut HTML (or plain text) into typed blocks; scripts, styles, handlers and foreign schemes are gone.

    Words keep their order. A picture in the middle of a paragraph splits it. Doing it again changes nothing.
    """
    # Twice: the cleaner writes out what came in as `&#11;`.
    clean = _CONTROL.sub("", _CLEANER.clean(_shallow(_CONTROL.sub("", html))))
    if "<a" in clean or "<table" in clean:
        # A parser moves what stands wrong in links and tables; what it wrote then is read otherwise once more.
        clean = _CLEANER.clean(clean)
    clean = _IFRAME.sub(r"\1</iframe>", clean)
    return _Cutter().cut(clean)


def render_html(blocks: Sequence[Block]) -> str:
    """Join blocks to the safe HTML that rich-text shows."""
    return "".join(block["html"] for block in blocks)


def _shallow(html: str) -> str:
    """Leave out tags that would open below OPEN_MAX others; nobody writes such, and words stay."""
    if html.count("<") <= OPEN_MAX:
        return html
    standing: Counter[str] = Counter()

    def kept(tag: re.Match[str]) -> str:
        name = tag[2].lower()
        if name in _VOID or name in _CLOSED_BY_THE_NEXT:
            return tag[0]
        if tag[1]:
            # Only what is open is closed: `<div></b>` opens another div each time.
            standing[name] -= standing[name] > 0
            return tag[0]
        if standing.total() >= OPEN_MAX:
            return ""
        standing[name] += 1
        return tag[0]

    return _ANY_TAG.sub(kept, html)


class _Cutter:
    """Walks over clean HTML once; keeps the way of open tags so that every text block is well-formed by itself."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.open: list[tuple[str, str]] = []
        self.html: list[str] = []
        self.skip: tuple[str, int] | None = None

    def cut(self, clean: str) -> list[Block]:
        end = 0
        for token in _TOKEN.finditer(clean):
            self._say(clean[end : token.start()])
            self._tag(bool(token[1]), token[2], token[3])
            end = token.end()
        self._say(clean[end:])
        self._flush()
        return self.blocks

    def _say(self, words: str) -> None:
        if words and self.skip is None:
            self.html.append(words)

    def _tag(self, closes: bool, tag: str, written: str) -> None:
        if self.skip is not None:
            self._skipped(closes, tag, written)
            return
        if closes:
            if tag not in _VOID:
                _, start = self.open.pop()
                _close(self.html, tag, start)
        else:
            self._opened(tag, dict(_attributes(written)) if written else {})

    def _opened(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "img":
            self._cut_with(_image(attributes))
        elif tag in _PAIRED_MEDIA:
            self._cut_with(_video(attributes.get("src", "")))
            self.skip = (tag, 1)
        elif tag == "a" and "data-product" in attributes:
            self._cut_with(_product(attributes["data-product"]))
            self.skip = (tag, 1)
        elif tag == "a" and "data-video" in attributes:
            self._cut_with(_video(attributes.get("href", "")))
            self.skip = (tag, 1)
        elif tag in _VOID:
            if tag != "source":
                self.html.append(f"<{tag}>")
        else:
            start = _start_tag(tag, attributes) if len(self.open) < DEPTH_MAX else ""
            self.open.append((tag, start))
            self.html.append(start)

    def _skipped(self, closes: bool, tag: str, written: str) -> None:
        """Inside a film or card nothing is read but where it ends, and the address that a film's source names."""
        skipped, depth = self.skip or (tag, 1)
        if tag == "source" and skipped == "video" and not (self.blocks and self.blocks[-1]["kind"] == "VIDEO"):
            self._cut_with(_video(dict(_attributes(written)).get("src", "")))
        if tag == skipped:
            depth += -1 if closes else 1
            self.skip = (skipped, depth) if depth else None

    def _cut_with(self, block: Block | None) -> None:
        if block is not None:
            self._flush()
            self.blocks.append(block)

    def _flush(self) -> None:
        """End the text block: close what is open, and open it again for the next."""
        text = _plain("".join(self.html))
        if text:
            for tag, start in reversed(self.open[:DEPTH_MAX]):
                _close(self.html, tag, start)
            self.blocks.append({"kind": "TEXT", "text": text, "html": "".join(self.html).strip()})
        self.html = [start for _, start in self.open[:DEPTH_MAX]]


def _plain(html: str) -> str:
    """The words of a block's own HTML, so that both always say the same: a line for each paragraph."""
    lines = [_SPACES.sub(" ", unescape(line)).strip() for line in _TOKEN.sub(_gap, html).split(_BREAK)]
    return "\n".join(line for line in lines if line)


def _gap(token: re.Match[str]) -> str:
    tag = token[2]
    return _BREAK if tag in _LINES else " " if tag in ("td", "th") else ""


def _close(html: list[str], tag: str, start: str) -> None:
    """Close a tag, or take it back when nothing was said since it opened. One below DEPTH_MAX was never written."""
    if start and html and html[-1] == start and tag in _NOTHING_WHEN_EMPTY:
        html.pop()
    elif start:
        html.append(f"</{tag}>")


def _attributes(written: str) -> Iterator[tuple[str, str]]:
    for name, value in _ATTRIBUTE.findall(written):
        yield name, unescape(value)


def _start_tag(tag: str, attributes: dict[str, str]) -> str:
    kept = ""
    for name, value in attributes.items():
        safe = is_url(value) if name == "href" else bool(_SMALL_NUMBER.fullmatch(value))
        if safe and name not in ("data-product", "data-video"):
            kept += f' {name}="{escape(value)}"'
    return f"<{tag}{kept}>"


def _address(written: str) -> str | None:
    """Return the absolute address, `//host/..` over https; None for anything a phone could not fetch."""
    url = written.strip()
    if url.startswith("//"):
        url = f"https:{url}"
    return url if is_url(url) else None


def _image(attributes: dict[str, str]) -> Block | None:
    """Lazy pages keep the real address in data-src."""
    url = _address(attributes.get("src", "")) or _address(attributes.get("data-src", ""))
    if url is None:
        return None
    alt = attributes.get("alt", "")
    return {"kind": "IMAGE", "url": url, "alt": alt, "html": f'<img src="{escape(url)}" alt="{escape(alt)}">'}


def _video(written: str) -> Block | None:
    url = _address(written)
    if url is None:
        return None
    return {"kind": "VIDEO", "url": url, "html": f'<a data-video="" href="{escape(url)}"></a>'}


def _product(written: str) -> Block | None:
    handle = written.strip()
    if not handle:
        return None
    return {"kind": "PRODUCT", "handle": handle, "html": f'<a data-product="{escape(handle)}"></a>'}
