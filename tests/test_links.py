"""Every relative link of a Markdown page leads to a file, and to a heading where it names one."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ELSEWHERE = {ROOT / "hsbench" / "report" / "limits.md"}
"""Pages whose links are those of the place that they are copied to: docs/ and the HTML report."""
FOLDERS = ("docs", "examples", "speed", "hsbench")


def pages(root=ROOT):
    """The pages of the repository, without what a run, a tool or a test has written."""
    nested = (page for folder in FOLDERS for page in (root / folder).rglob("*.md"))
    return sorted({*root.glob("*.md"), root / "results" / "README.md", *nested} - ELSEWHERE)


def prose(text):
    """The text without code, in which a bracket is no link, and without comments."""
    return re.sub(r"^```.*?^```|`[^`\n]*`|<!--.*?-->", "", text, flags=re.DOTALL | re.MULTILINE)


def anchors(text):
    """The anchors of a page's headings as GitHub makes them: lower case, hyphens for spaces, punctuation left out.

    A heading that comes again gets -1, -2 and so on.
    """
    without_code = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    names = []
    for heading in re.findall(r"^#+ +(.+?) *$", without_code, flags=re.MULTILINE):
        shown = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        name = re.sub(r"[^\w\- ]", "", shown.lower()).replace(" ", "-")
        count = sum(known == name or re.fullmatch(rf"{re.escape(name)}-\d+", known) is not None for known in names)
        names.append(f"{name}-{count}" if count else name)
    return set(names)


def broken_links(page):
    """The relative links of a page that lead nowhere."""
    broken = []
    for link in re.findall(r"\]\(\s*([^)\s]+)[^)]*\)", prose(page.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        named = bool(anchor) and target.suffix == ".md"
        if not target.exists() or (named and anchor not in anchors(target.read_text(encoding="utf-8"))):
            broken.append(link)
    return broken


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_relative_links_resolve(page):
    assert broken_links(page) == []


def test_a_broken_link_is_noticed(tmp_path):
    page = tmp_path / "page.md"
    (tmp_path / "other.md").write_text("# A heading, with `code`\n")
    page.write_text(
        "[good](other.md) [heading](other.md#a-heading-with-code) [web](https://example.org/none)\n"
        "`[code](none)` [file](none.md) [wrapped\ntext](other.md#none) ![picture](none.png)\n"
    )
    assert broken_links(page) == ["none.md", "other.md#none", "none.png"]


def test_every_page_of_docs_is_linked_from_the_readme():
    linked = set(re.findall(r"\]\((docs/[^)#]+\.md)", (ROOT / "README.md").read_text(encoding="utf-8")))
    assert linked == {str(page.relative_to(ROOT)) for page in (ROOT / "docs").glob("*.md")}
