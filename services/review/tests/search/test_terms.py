"""How texts and queries are taken apart, misspellings, and highlights: without a database."""

from __future__ import annotations

import html
import re
from time import thread_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from review_service.search.queries import index_query, quoted
from review_service.search.service import LENGTH, SearchedTerms, highlighted, snippet
from review_service.search_index.terms import MAX_WORD, terms_of, vocabulary_of, words_of
from review_service.search_index.vocabulary import is_correctable, one_typo_apart, spellings

WORDS = st.text(alphabet="abcd", min_size=1, max_size=8)


def test_hangul_is_stored_as_syllables_and_pairs_and_the_rest_as_whole_words() -> None:
    assert terms_of("화장품을 Galaxy S24로") == {
        *"화장품을로", "화장", "장품", "품을", "galaxy", "s24",
    }  # fmt: skip


def test_a_code_is_stored_in_its_parts_and_in_one_piece() -> None:
    assert terms_of("Sony WH-1000XM5") == {"sony", "wh", "1000xm5", "wh1000xm5"}
    assert vocabulary_of("WH-1000XM5 헤드폰") == ["wh", "1000xm5", "wh1000xm5"]


@pytest.mark.parametrize(
    ("text", "same"),
    [("\u1112\u1161\u11ab글", "한글"), ("ＳＯＮＹ", "sony"), ("STRASSE", "straße"), ("İSTANBUL", "istanbul")],
)
def test_ways_of_writing_the_same_are_the_same(text: str, same: str) -> None:
    assert terms_of(text) == terms_of(same)


@pytest.mark.parametrize(
    "text",
    [
        "a" * 10_000,
        "ab-" * 3000 + "a" * 1000,
        "-" * 10_000,
        "한" * 10_000,
        "a" + "\u0301" * 5000 + "\u0323" * 4999,
    ],
    ids=["one word", "a code", "signs", "one run", "marks"],
)
def test_the_longest_description_is_taken_apart_in_no_time(text: str) -> None:
    started = thread_time()
    terms_of(text)
    assert thread_time() - started < 0.1


@given(st.text(alphabet="ab1-./ 한", max_size=40))
def test_codes_are_found_as_by_trying_at_each_letter(text: str) -> None:
    pieces = re.findall(r"[ab1]+(?:[-./][ab1]+)+", text)
    assert words_of(text).joined.keys() == {re.sub(r"[-./]", "", piece) for piece in pieces}


@pytest.mark.parametrize("text", ["", "   ", "&|!():*'\\", "🎁🎉", "%_", "\u200b"])
def test_signs_alone_ask_for_nothing(text: str) -> None:
    assert index_query(words_of(text), {}) is None


@given(st.text())
def test_no_text_breaks_it_and_no_term_is_a_sign_or_too_long(text: str) -> None:
    terms = terms_of(text)
    assert not any("#" in term or not term or len(term) > MAX_WORD for term in terms)
    assert set(vocabulary_of(text)) <= terms


@given(st.text(alphabet="가나다라 abc", max_size=12), st.text(alphabet="가나다라 abc", max_size=12))
def test_what_is_asked_for_is_in_every_text_that_contains_the_query(text: str, more: str) -> None:
    question = index_query(words_of(text), {})
    if question is not None:
        wanted = set(re.findall(r"'([^']+)'", question.every))
        assert wanted <= terms_of(f"{more} {text} {more}")


def test_quotes_and_backslashes_of_a_filter_stay_in_their_term() -> None:
    assert quoted("#c:a'b\\c") == "'#c:a''b\\\\c'"


def _distance(first: str, second: str) -> int:
    """Damerau's, the plain way (adjacent letters exchanged count one)."""
    table = [[i + j if i * j == 0 else 0 for j in range(len(second) + 1)] for i in range(len(first) + 1)]
    for i in range(1, len(first) + 1):
        for j in range(1, len(second) + 1):
            cost = first[i - 1] != second[j - 1]
            table[i][j] = min(table[i - 1][j] + 1, table[i][j - 1] + 1, table[i - 1][j - 1] + cost)
            if i > 1 and j > 1 and first[i - 1] == second[j - 2] and first[i - 2] == second[j - 1]:
                table[i][j] = min(table[i][j], table[i - 2][j - 2] + 1)
    return table[-1][-1]


@given(WORDS, WORDS)
def test_one_typo_is_a_distance_of_one_and_shares_a_spelling(typed: str, word: str) -> None:
    assert one_typo_apart(typed, word) == (_distance(typed, word) == 1)
    if one_typo_apart(typed, word):
        assert spellings(typed) & spellings(word)


def test_only_words_of_four_to_twenty_latin_letters_are_corrected() -> None:
    assert [word for word in ("cat", "coffee", "s24fe", "café", "x" * 21) if is_correctable(word)] == [
        "coffee"
    ]


def test_hits_are_marked_and_everything_else_is_escaped() -> None:
    looked_for = SearchedTerms.by(words_of("크림 galaxy"), ["galaxi"])
    assert highlighted('<b>수분크림</b> & "GALAXY" galaxyz Galaxi', looked_for) == (
        "&lt;b&gt;수분<mark>크림</mark>&lt;/b&gt; &amp; &quot;<mark>GALAXY</mark>&quot; galaxyz "
        "<mark>Galaxi</mark>"
    )


def test_a_snippet_is_the_piece_around_the_first_hit() -> None:
    looked_for = SearchedTerms.by(words_of("크림"), [])
    piece = snippet("가" * 500 + " 크림 " + "나" * 500, looked_for)
    assert "<mark>크림</mark>" in piece
    assert piece.startswith("…")
    assert piece.endswith("…")
    assert snippet("짧은 글", looked_for) == "짧은 글"


@given(st.text(max_size=400), st.text(alphabet="가나ab &<", min_size=1, max_size=6))
def test_without_its_marks_a_highlight_is_the_text(text: str, query: str) -> None:
    looked_for = SearchedTerms.by(words_of(query), [])
    marked = highlighted(text, looked_for)
    assert html.unescape(re.sub("</?mark>", "", marked)) == html.unescape(html.escape(text))
    assert len(html.unescape(re.sub("</?mark>|…", "", snippet(text, looked_for)))) <= LENGTH
