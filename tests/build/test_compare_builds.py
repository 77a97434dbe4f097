"""Two builds that differ are never called alike, and what differs is said in one line a file."""

import zipfile

import compare_builds
import pytest

FILES = {"index.html": "<p>one</p>\n<p>two</p>\n", "_static/a.js": "let a\n", "b.png": "\x89\0"}


def write(folder, files=FILES, *, packed=zipfile.ZIP_DEFLATED):
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(text.encode("latin-1"))
    with zipfile.ZipFile(folder / "site.zip", "w") as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name), text.encode("latin-1"), packed)
    return folder


@pytest.fixture
def pair(tmp_path):
    return write(tmp_path / "one"), write(tmp_path / "the other")


def test_builds_that_are_alike_are_called_so(pair, capsys):
    assert compare_builds.main([str(folder) for folder in pair]) == 0
    assert capsys.readouterr().out == "4 files, all alike\n"


CHANGES = {
    "a date in a page": (
        {"index.html": "<p>one</p>\n<p>2 May</p>\n"},
        "index.html: line 2, '<p>two</p>' and '<p>2 May</p>'",
    ),
    "a line more": (
        {"_static/a.js": "let a\nlet b\n"}, "_static/a.js: line 2, '' and 'let b'",
    ),
    "other ends of lines": ({"_static/a.js": "let a\r\n"}, "_static/a.js: the ends of lines"),
    "a byte of a picture": ({"b.png": "\x89\1"}, "b.png: byte 2 of 2 and 2"),
}  # fmt: skip


@pytest.mark.parametrize("what", CHANGES)
def test_what_differs_is_named_in_the_page_and_in_the_archive(tmp_path, pair, what, capsys):
    changed, line = CHANGES[what]
    other = write(tmp_path / "changed", FILES | changed)
    assert compare_builds.main([str(pair[0]), str(other)]) == 1
    assert sorted(capsys.readouterr().out.splitlines()) == sorted([line, f"site.zip/{line}"])


def test_a_file_that_one_build_lacks_is_named(pair):
    (pair[1] / "index.html").unlink()
    (pair[0] / "b.png").unlink()
    one, other = pair
    expected = [f"b.png: only in {other}", f"index.html: only in {one}"]
    assert list(compare_builds.differences(*pair)) == expected


def test_an_archive_that_is_packed_differently_is_not_alike(tmp_path, pair):
    other = write(tmp_path / "stored", packed=zipfile.ZIP_STORED)
    expected = ["site.zip: alike inside, packed differently"]
    assert list(compare_builds.differences(pair[0], other)) == expected


def test_an_empty_folder_is_not_alike_anything(tmp_path, pair):
    (tmp_path / "empty").mkdir()
    for folders in ((pair[0], tmp_path / "empty"), (tmp_path / "empty", tmp_path / "empty")):
        with pytest.raises(ValueError, match=r"nothing to compare: no file in .*empty"):
            list(compare_builds.differences(*folders))


def test_one_folder_is_not_enough(pair):
    with pytest.raises(SystemExit, match="2"):
        compare_builds.main([str(pair[0])])
