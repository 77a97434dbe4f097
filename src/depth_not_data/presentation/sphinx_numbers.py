"""Pages of a folder numbered apart: N1, N2, ... while chapters have 1, 2, ... For Sphinx only.

The configuration value ``numbered_apart`` names folders and prefixes, ``{"book/notes/": "N"}``.
Figures, theorems and exercises follow, since their numbers begin with that of their page.
"""

from collections.abc import Callable
from importlib import import_module

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.environment.collectors.toctree import TocTreeCollector


def renumbered(firsts: dict[str, int], apart: dict[str, str]) -> dict[int, int | str]:
    """Return the new numbers of pages by the old ones, each group counted from 1.

    Parameters
    ----------
    firsts : dict of int
        Old number of each page, by document name.
    apart : dict of str
        Prefix by beginning of a document name.

    Examples
    --------
    >>> renumbered({"a": 1, "notes/b": 2, "notes/c": 3, "d": 4}, {"notes/": "N"})
    {1: 1, 2: 'N1', 3: 'N2', 4: 2}
    """
    counts, found = {}, {}
    for docname, old in sorted(firsts.items(), key=lambda entry: entry[1]):
        prefix = next((p for folder, p in apart.items() if docname.startswith(folder)), "")
        counts[prefix] = counts.get(prefix, 0) + 1
        found[old] = f"{prefix}{counts[prefix]}" if prefix else counts[prefix]
    return found


def _rename(env: BuildEnvironment, apart: dict[str, str]) -> None:
    """Put the new numbers where Sphinx keeps the old ones: sections, their links, titles."""
    first = {}
    for docname, numbers in env.toc_secnumbers.items():
        heads = [number[0] for number in numbers.values() if number]
        if heads:
            first[docname] = heads[0]
    new = renumbered(first, apart)

    def changed(number):
        return (new[number[0]], *number[1:]) if number else number

    for docname in first:
        numbers = env.toc_secnumbers[docname]
        env.toc_secnumbers[docname] = {anchor: changed(n) for anchor, n in numbers.items()}
        links = env.tocs[docname].findall(addnodes.compact_paragraph)
        for node in [env.titles[docname], *(link.next_node(nodes.reference) for link in links)]:
            if node is not None and node.get("secnumber"):
                node["secnumber"] = list(changed(node["secnumber"]))


def _wrapped(assign: Callable, apart: dict[str, str]) -> Callable:
    def assign_section_numbers(self, env):
        old = env.toc_secnumbers
        assign(self, env)
        _rename(env, apart)
        return [name for name, numbers in env.toc_secnumbers.items() if numbers != old.get(name)]

    assign_section_numbers.plain = assign
    return assign_section_numbers


def _install(app):
    # Figure numbers are made right behind section numbers, so that no event comes between.
    collector = TocTreeCollector
    if "sphinx_external_toc" in app.extensions:
        collector = import_module("sphinx_external_toc.collectors").TocTreeCollectorWithStyles
    assign = collector.assign_section_numbers
    plain, apart = getattr(assign, "plain", assign), app.config.numbered_apart
    collector.assign_section_numbers = _wrapped(plain, apart) if apart else plain


def setup(app: Sphinx) -> dict:
    """Register what numbers some pages apart."""
    app.add_config_value("numbered_apart", {}, "env")
    app.connect("builder-inited", _install, priority=900)
    return {"version": "1", "parallel_read_safe": False, "parallel_write_safe": True}
