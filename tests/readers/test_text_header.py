"""Text headers: the bytes are kept, the letters are shown."""

from __future__ import annotations

import numpy as np
import pytest

from geoml.readers import SegyReader
from geoml.readers.text_header import decode_text

LINES = ["C 1 CLIENT ACME", "C 2 LINE 7", *[""] * 37, "C40 END TEXTUAL HEADER"]


def cards(lines: list[str], encoding: str) -> bytes:
    blank = " ".encode(encoding)
    return b"".join(line.encode(encoding).ljust(80, blank) for line in lines)


@pytest.mark.parametrize("encoding", ["cp037", "ascii", "utf-8"])
def test_every_encoding_shows_the_same_lines(encoding):
    assert decode_text(cards(LINES, encoding)).split("\n") == LINES


def test_letters_of_several_bytes_are_shown(make_segy):
    lines = ["C 1 ЛИНИЯ 7, съёмка", "C 2 测线七号", "C 3 linha sísmica à beira-mar"]
    raw = cards([*lines, *[""] * 37], "utf-8")
    attrs = SegyReader(make_segy(np.ones((2, 4)), text=raw)).file_attrs()
    assert attrs["text_header"].split("\n") == lines
    assert bytes.fromhex(attrs["text_header_hex"]) == raw


def test_letter_cut_by_the_end_of_a_card_is_not_lost():
    raw = b"C 1".ljust(79) + "é".encode() + b"tude".ljust(79)
    assert len(raw) == 160
    assert decode_text(raw).split("\n") == ["C 1", "étude"]


def test_bytes_of_no_encoding_are_shown_and_kept(make_segy):
    raw = "C 1 Ström, 60° N".encode("latin-1").ljust(3200)
    attrs = SegyReader(make_segy(np.ones((2, 4)), text=raw)).file_attrs()
    assert attrs["text_header"] == "C 1 Ström, 60° N"
    assert bytes.fromhex(attrs["text_header_hex"]) == raw


@pytest.mark.parametrize("fill", [b"\0", b"\xff", b"\n"])
def test_header_without_text_is_one_line_or_none(fill):
    assert "\0" not in decode_text(fill * 3200)
    assert decode_text(b"\0" * 3200) == ""


def test_extended_text_is_shown_after_the_first_one(make_segy):
    extended = b"((ACME: notes))".ljust(3200) + "((SEG: EndText))".ljust(3200).encode("ascii")
    path = make_segy(
        np.ones((2, 4)),
        text=cards(LINES, "ascii"),
        binary={3501: ("H", 0x100), 3505: ("h", -1)},
        extended=extended,
    )
    attrs = SegyReader(path).file_attrs()
    shown = attrs["text_header"].split("\n")
    assert shown[:40] == LINES
    assert shown[40] == "((ACME: notes))"
    assert shown[80] == "((SEG: EndText))"
    assert bytes.fromhex(attrs["text_header_hex"])[3200:] == extended
