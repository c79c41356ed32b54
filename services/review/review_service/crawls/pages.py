"""Bytes and links as browsers take them. No network, no database.

Encodings are those of the WHATWG, by all their labels: what a page calls EUC-KR is Windows' code page 949, for one. A
byte order mark goes before the header's charset, and that before the page's own.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote, urldefrag, urljoin, urlsplit

import webencodings
from selectolax.lexbor import LexborHTMLParser
from webencodings import Encoding

MAX_URL: Final = 500
PRESCAN: Final = 65_536
"""Browsers take a late <meta charset> too, and read the page again."""
UTF_8: Final = webencodings.UTF8
_CP949: Final = webencodings.lookup("euc-kr")
_ALSO_CP949: Final = {"x-windows-949", "ms949", "cp949", "uhc", "euckr", "x-euc-kr"}
"""No labels of the standard, but seen on Korean pages."""
_CHARSET: Final = re.compile(r"""charset\s*=\s*["']?\s*([^\s"';,]+)""", re.IGNORECASE)
_XML: Final = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([^"']{1,40})""")
_UNSAFE: Final = re.compile(r"""[\s\x00-\x20\x7f-\x9f"<>`]""")
_ASCII: Final = "".join(map(chr, range(0x21, 0x7F)))
_ENDS: Final = "".join(map(chr, range(0x21)))


def text_of(body: bytes, content_type: str) -> str:
    """A text by its byte order mark, else by the header, else UTF-8; what does not fit becomes question marks."""
    return _decoded(body, _labelled(content_type) or UTF_8)[0]


def html_of(body: bytes, content_type: str) -> tuple[str, str]:
    """A page's text, and the name of its encoding, which its links are in. A page that declares none is taken for
    UTF-8 if it is that, else for Korean if it is that."""
    return _decoded(body, _labelled(content_type) or _declared(body) or _guessed(body))


def _decoded(body: bytes, encoding: Encoding) -> tuple[str, str]:
    text, used = webencodings.decode(body, encoding, "replace")  # the byte order mark first
    return text, used.codec_info.name


def _labelled(content_type: str) -> Encoding | None:
    found = _CHARSET.search(content_type)
    return _named(found[1]) if found else None


def _named(label: str) -> Encoding | None:
    return _CP949 if label.strip().lower() in _ALSO_CP949 else webencodings.lookup(label)


def _declared(body: bytes) -> Encoding | None:
    """What the page says of itself. Who can read that it is UTF-16 is not reading UTF-16."""
    if (xml := _XML.match(body)) and (encoding := _named(xml[1].decode("latin-1"))):
        return UTF_8 if encoding.name.startswith("utf-16") else encoding
    for meta in LexborHTMLParser(body[:PRESCAN].decode("latin-1")).css("meta"):
        attributes = {name: value or "" for name, value in meta.attributes.items()}
        encoding = _named(attributes["charset"]) if "charset" in attributes else None
        if attributes.get("http-equiv", "").strip().lower() == "content-type":
            encoding = encoding or _labelled(attributes.get("content", ""))
        if encoding:
            return UTF_8 if encoding.name.startswith("utf-16") else encoding
    return None


def _guessed(body: bytes) -> Encoding:
    for encoding in (UTF_8, _CP949):
        try:
            body.decode(encoding.codec_info.name)
        except UnicodeDecodeError:
            continue
        return encoding
    return UTF_8


def absolute_url(link: str, base: str, encoding: str = "utf-8") -> str:
    """An absolute http address of at most 500 characters, for a link on a page in `encoding`; empty for none.

    What cannot stand in an address is percent-encoded. Letters of other scripts stay as they are, but in the query of
    a page that is not in Unicode: browsers send those in the page's encoding. It may be a listing's id, so nothing else
    is changed: fragments and what only tracks stay.
    """
    link = re.sub(r"[\t\n\r]", "", link.strip(_ENDS))
    if not link:
        return ""
    where, mark, rest = re.match(r"([^?#]*)([?#]?)(.*)", link, re.DOTALL).groups()  # type: ignore[union-attr]
    try:
        parts = urlsplit(urljoin(base, where.replace("\\", "/") + mark + rest))
        good = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0
        if not good or _UNSAFE.search(parts.netloc):
            return ""
        query = parts.query
        if not encoding.startswith("utf") and not query.isascii():
            query = quote(query, safe=_ASCII, encoding=encoding, errors="xmlcharrefreplace")
        found = _UNSAFE.sub(lambda match: quote(match[0], safe=""), parts._replace(query=query).geturl())
        found.encode()
    except ValueError:  # also for half of a surrogate pair
        return ""
    return found if len(found) <= MAX_URL else ""


def base_of(tree: LexborHTMLParser, url: str) -> str:
    """What the page's relative links begin at."""
    node = tree.css_first("base[href]")
    return (absolute_url(node.attributes.get("href") or "", url) if node else "") or url


def next_page(tree: LexborHTMLParser, url: str, encoding: str = "utf-8") -> str | None:
    """Where the page's `rel` says that the next one is; None on the last page. A link back to itself leads nowhere."""
    base, here = base_of(tree, url), urldefrag(url).url
    for node in tree.css('link[rel~="next" i], a[rel~="next" i], area[rel~="next" i]'):
        found = urldefrag(absolute_url(node.attributes.get("href") or "", base, encoding)).url
        if found and found != here:
            return found
    return None
