# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Paths of shares: what is taken, how it is read, and what is refused in which words."""

from __future__ import annotations

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._smb.errors import SharePathError
from ansible_collections.cluster_aware.updating.plugins.module_utils._smb.unc import UncPath, parse_unc
from hypothesis import given
from hypothesis import strategies as st

NAME = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters='<>:"|?*/\\'),
    min_size=1,
    max_size=40,
).filter(lambda name: name[-1] not in ". ")
SERVER = st.from_regex(r"[a-zA-Z0-9]([a-zA-Z0-9.-]{0,30}[a-zA-Z0-9])?", fullmatch=True)
PATH = st.builds(UncPath, SERVER, NAME.filter(lambda name: name.upper() != "IPC$"), st.lists(NAME, max_size=5).map("\\".join))


@given(PATH)
def test_written_path_is_read_back_as_it_was(path: UncPath) -> None:
    assert parse_unc(str(path)) == path


@given(PATH, st.text(r"\/", max_size=3), st.data())
def test_slashes_and_trailing_separators_are_read_as_backslashes(path: UncPath, tail: str, data: st.DataObject) -> None:
    text = "".join(data.draw(st.sampled_from("\\/")) if character == "\\" else character for character in str(path))

    assert parse_unc(text + tail) == path


@given(PATH, st.lists(NAME, min_size=1, max_size=4))
def test_child_lies_below_its_path(path: UncPath, names: list[str]) -> None:
    child = path.child("/".join(names))

    assert str(child) == str(path) + "\\" + "\\".join(names)
    assert parse_unc(str(child)) == child


def refusal_of(text: str) -> str:
    """The sentence that refuses a text; nothing for a path, which reads back as itself."""
    try:
        parsed = parse_unc(text)
    except SharePathError as error:
        return str(error)
    return "" if parse_unc(str(parsed)) == parsed else "\n"


@given(st.text() | st.text().map("\\\\fs1\\".__add__) | st.text("\\/.:? a\0").map("//".__add__))
def test_any_text_is_a_path_or_refused_in_one_printable_sentence(text: str) -> None:
    assert refusal_of(text).isprintable()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "the path of the share is empty"),
        ("  ", "the path of the share is empty"),
        (r"C:\hotfixes", "is a local path or a drive letter, which means another folder on each machine"),
        ("Z:", "is a local path or a drive letter"),
        ("z:/hotfixes", "is a local path or a drive letter"),
        ("http://fs1/hotfixes", "is a URL"),
        ("HTTPS://fs1/hotfixes", "is a URL"),
        ("file://fs1/hotfixes", "is a URL"),
        ("smb://fs1/hotfixes", "is a URL"),
        (r"\\?\UNC\fs1\hotfixes", "is a device path"),
        ("//?/C:/hotfixes", "is a device path"),
        (r"\\.\pipe\x", "is a device path"),
        ("hotfixes", "does not name a server"),
        (r"\hotfixes\a", "does not name a server"),
        (r"\\fs1", "names a server but no share"),
        ("\\\\fs1\\", "names a server but no share"),
        (r"\\\fs1\hotfixes", "has an empty part"),
        (r"\\fs1\\hotfixes", "has an empty part"),
        (r"\\fs1\hotfixes\\all", "has an empty part"),
        (r"\\fs1\hotfixes\..\other", "has the part .., which leads elsewhere"),
        (r"\\fs1\.\other", "has the part ., which leads elsewhere"),
        (r"\\..\share", "has the part .., which leads elsewhere"),
        (r"\\fs1\hotfixes\a:b", "holds :, which no name on a share"),
        (r"\\fs1\hotfixes\a*", "holds *, which no name on a share"),
        (r"\\fs1\hot|fixes", "holds |, which no name on a share"),
        ("\\\\fs1\\hotfixes\\a\tb", "holds U+0009, which no name on a share"),
        (r"\\fs1\hotfixes\all.", "whose last character Windows drops"),
        ("\\\\fs1\\hotfixes\\all ", "whose last character Windows drops"),
        (r"\\fs1@8443\dav", "holds @, which no server's name has"),
        (r"\\fs 1\hotfixes", "which no server's name has"),
        (r"\\fs1\IPC$", "holds no files"),
        (r"\\fs1\hotfixes" + "\\" + "x" * 256, "has a part of 256 characters"),
        (r"\\fs1\hotfixes" + r"\xxxxxxxxx" * 3300, "has 33014 characters"),
    ],
)
def test_what_is_no_path_of_a_share_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(SharePathError) as caught:
        parse_unc(text)

    assert reason in caught.value.message
    assert caught.value.remedy


def test_refused_text_is_shown_without_characters_that_steer_a_terminal() -> None:
    with pytest.raises(SharePathError) as caught:
        parse_unc("\\\\fs1\\hot\x1b[2Jfixes")

    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize("relative", ["..", r"a\..\b", r"\a", "a/", "C:a", "a\\\\b"])
def test_child_that_would_lead_out_is_refused(relative: str) -> None:
    with pytest.raises(SharePathError):
        UncPath("fs1", "hotfixes").child(relative)


def test_empty_child_is_the_path_itself() -> None:
    assert str(parse_unc("//fs1/hotfixes/all/").child("")) == r"\\fs1\hotfixes\all"


def test_names_with_spaces_umlauts_dollars_percents_and_quotes_are_taken() -> None:
    assert parse_unc(r"\\fs1\data$\Größe 'a' %TEMP% $x").path == "Größe 'a' %TEMP% $x"
