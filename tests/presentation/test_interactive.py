"""What `interactive` displays, refuses and writes into a page."""

import json
import re
import shutil

import altair as alt
import matplotlib.pyplot as plt
import nbformat
import pytest
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

from depth_not_data.presentation import interactive, sphinx_interactive, vega

GOOD = {"name": "fig-line", "alt": "A rising line.", "caption": "It rises."}
READING = {"sentence": "sentence", "table": "points", "columns": {"x": "x", "y": "y"}, "order": "x"}


def line(values=(1.0, 2.0, 4.0), label="", **reading):
    """Points (x, slope times value), and how high the last of them is."""
    numbers = [{"x": -x, "value": value, "label": label} for x, value in enumerate(values)]
    data = alt.Data(values=numbers)
    base = alt.Chart(data).transform_calculate(y="slope * datum.value", chosen="-datum.x")
    said = base.transform_aggregate(top="max(y)")
    said = said.transform_calculate(sentence="'Highest at ' + format(datum.top, '.2f') + '.'")
    points = base.mark_point().encode(x="x:Q", y="y:Q").properties(name="points")
    columns = base.mark_rule(opacity=0).encode(x="x:Q").properties(name="chosen")
    chart = alt.layer(points, columns, vega.quiet(said, "sentence")).add_params(
        vega.slider("slope", "slope of the line", 0, 9, 1, 2),
        vega.slider("chosen", "point", 0, 2, 1, 0),
    )
    return vega.readable(chart, **READING | reading)


@pytest.fixture
def displayed(monkeypatch):
    shown = []
    monkeypatch.setattr(interactive, "display", lambda data, **o: shown.append((data, o)))
    return shown


def test_the_page_computes_what_the_sliders_say():
    chart = line()
    assert [r["y"] for r in vega.rows(chart, "points", ["y"])] == [2, 4, 8]
    assert [r["y"] for r in vega.rows(chart, "points", ["y"], slope=0.25)] == [0.25, 0.5, 1]
    (said,) = vega.rows(chart, "sentence", ["sentence"], slope=3)
    assert said == {"sentence": "Highest at 12.00."}


def test_fields_keep_their_types():
    data = alt.Data(values=[{"text": "1", "on": True, "half": 0.5, "one": 1}])
    chart = alt.Chart(data).mark_text(text="").properties(name="all")
    (row,) = vega.rows(chart, "all", ["text", "on", "half", "one"])
    assert row == {"text": "1", "on": True, "half": 0.5, "one": 1}
    assert [type(value) for value in row.values()] == [str, bool, float, int]


def test_the_words_list_sentence_sorted_rows_and_a_digest_of_the_data():
    words = interactive.in_words(line().to_dict()).splitlines()
    assert words[:2] == ["Highest at 8.00.", "x | y"]
    assert words[2:5] == ["-2 | 8", "-1 | 4", "0 | 2"]
    assert words[-1] == "data 1, value: 3 numbers, sum 7"


def test_the_words_do_not_see_round_off_and_do_see_a_change():
    words = interactive.in_words(line().to_dict())
    assert interactive.in_words(line((1.0, 2.0, 4.0 + 1e-12)).to_dict()) == words
    assert interactive.in_words(line((1.0, 2.0, 4.1)).to_dict()) != words


def test_show_displays_picture_words_and_specification(displayed):
    interactive.show(line(), **GOOD, try_this="Move it.", answer="It *turns*.")
    (picture, options), (below, _) = displayed
    assert picture["image/png"].startswith("iVBOR")
    assert picture["text/plain"].startswith("[fig-line] A rising line.\nHighest at 8.00.")
    kept = options["metadata"]["depth_not_data"]
    assert kept["figure"] == GOOD
    assert json.loads(kept["interactive"]["specification"])["usermeta"]["reading"]["order"] == "x"
    assert "specification" not in json.dumps(picture), "strict comparison sees no specification"
    for text in ("It rises.", "Move it.", "It *turns*.", "<details>"):
        assert text in below["text/markdown"]


def test_a_figure_of_ones_own_can_be_the_still_picture(displayed):
    fig, _ = plt.subplots()
    interactive.show(line(), **GOOD, still=fig)
    interactive.show(line(), **GOOD)
    assert displayed[0][0]["image/png"] != displayed[2][0]["image/png"]
    assert not plt.fignum_exists(fig.number)


def test_the_same_figure_gives_the_same_picture(displayed):
    for _ in range(2):
        interactive.show(line(), **GOOD)
    assert displayed[0][0] == displayed[2][0]


@pytest.mark.parametrize(
    ("argument", "value"),
    [("name", "line"), ("name", "fig-A"), ("alt", " "), ("caption", ""), ("answer", "Only this.")],
)
def test_a_figure_without_words_or_label_is_refused(argument, value):
    with pytest.raises(ValueError, match=argument):
        interactive.show(line(), **GOOD | {argument: value})


def test_a_chart_without_words_is_refused():
    bare = alt.Chart(alt.sequence(0, 2, as_="x")).mark_point().encode(x="x:Q")
    with pytest.raises(ValueError, match=r"chart must come from vega\.readable"):
        interactive.show(bare, **GOOD)


def test_a_chart_that_is_too_large_is_refused():
    with pytest.raises(ValueError, match="at most 400,000 bytes"):
        interactive.show(line(label="x" * 150_000), **GOOD)


@pytest.mark.parametrize(
    ("argument", "value"), [("sentence", "nothing"), ("table", "nothing"), ("columns", {})]
)
def test_words_that_are_not_in_the_chart_are_refused(argument, value):
    with pytest.raises(ValueError, match=argument):
        line(**{argument: value})


def test_unknown_views_parameters_and_reserved_names_are_refused():
    with pytest.raises(ValueError, match="view must be one of"):
        vega.rows(line(), "nothing", ["x"])
    with pytest.raises(ValueError, match="settings must be parameters"):
        vega.rows(line(), "points", ["x"], tilt=1)
    with pytest.raises(ValueError, match="name must not be one that Vega uses"):
        vega.slider("width", "width N", 1, 9, 1, 3)


def test_the_pointer_sets_the_parameter_that_it_hovers():
    def signals(**reading):
        found = vega.compiled(line(**reading).to_dict())["signals"]
        return {signal["name"]: signal.get("on") for signal in found}

    assert signals()["chosen"] is None
    hovered = signals(hover="chosen")
    assert hovered["slope"] is None
    assert hovered["chosen"] == [
        {
            "events": {"type": "pointerover", "markname": "chosen_marks"},
            "update": "datum.chosen",
        }
    ]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Build a page with an interactive figure and one without, in a new folder."""
    return build(tmp_path_factory.mktemp("site"))


def build(folder, warningiserror=True):
    source = folder / "source"
    shutil.rmtree(source, ignore_errors=True)
    source.mkdir(parents=True)
    (source / "index.md").write_text("# Index\n\n```{toctree}\nz\n```\n")
    nbformat.write(notebook(), source / "z.ipynb")
    conf = {
        "extensions": ["myst_nb", "sphinx_design", "depth_not_data.presentation.sphinx"],
        "nb_execution_mode": "off",
        "numfig": True,
    }
    folders = (source, None, folder / "out", folder / "trees")
    with patch_docutils(), docutils_namespace():
        app = Sphinx(*folders, "html", conf, status=None, warningiserror=warningiserror)
        app.build()
    return folder / "out"


def notebook():
    """Put what `show` displays into an executed notebook, without a kernel."""
    outputs = []

    def keep(data, metadata, raw):
        outputs.append(nbformat.v4.new_output("display_data", data=data, metadata=metadata))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(interactive, "display", keep)
        words = {"try_this": "Move it.", "answer": "It **turns**."}
        interactive.show(line(), **GOOD | {"alt": 'A "rising" line, 1 < 2.'}, **words)
    cell = nbformat.v4.new_code_cell("interactive.show(...)", outputs=outputs)
    metadata = {"language_info": {"name": "python", "pygments_lexer": "ipython3"}}
    cells = [nbformat.v4.new_markdown_cell("# Z"), cell]
    return nbformat.v4.new_notebook(cells=cells, metadata=metadata)


@pytest.mark.filterwarnings("default")
def test_the_page_has_the_figure_in_two_forms(site):
    page = (site / "z.html").read_text("utf-8")
    assert re.search(r'<figure class="plot.*?" id="fig-line">\s*<img alt="A &quot;rising', page)
    assert 'role="img" aria-label="A &quot;rising&quot; line, 1 &lt; 2."' in page
    assert '<th scope="col">x</th><th scope="col">y</th>' in page
    assert "<strong>Try this.</strong> Move it." in page
    assert "It <strong>turns</strong>." in page
    assert page.count("It rises.") == 1, "the caption of a live notebook is left out"


@pytest.mark.filterwarnings("default")
def test_the_specification_in_the_page_is_whole_and_cannot_end_its_element(site):
    page = (site / "z.html").read_text("utf-8")
    (text,) = re.findall(r'class="explorer-specification">(.*?)</script>', page, re.DOTALL)
    assert "<" not in text
    specification = json.loads(text)
    assert specification["usermeta"]["views"].keys() == {"points", "sentence", "chosen"}
    assert specification["$schema"].endswith("/vega/v6.json")


@pytest.mark.filterwarnings("default")
def test_one_script_only_for_pages_with_such_figures(site):
    pages = {path.stem: path.read_text("utf-8") for path in site.glob("*.html")}
    asked = {name for name, page in pages.items() if "_static/interactive.js" in page}
    assert asked == {"z"}
    assert {name for name, page in pages.items() if "_static/interactive.css" in page} == {"z"}
    script = (site / "_static/interactive.js").read_text("utf-8")
    assert 400_000 < len(script) < 700_000
    assert not re.search(r"^\s*(import|export)\b", script, re.MULTILINE), "a classic script"
    assert "jsdelivr" not in script


@pytest.mark.filterwarnings("default")
def test_too_much_data_for_one_page_stops_the_build(tmp_path, monkeypatch):
    monkeypatch.setattr(interactive, "LARGEST_PAGE", 10_000)
    original = sphinx_interactive.figure

    def twice(renderer, data, still, words):
        env = renderer.renderer.sphinx_env
        env.interactive_pages.setdefault(env.docname, []).append(9_000)
        return original(renderer, data, still, words)

    monkeypatch.setattr(sphinx_interactive, "figure", twice)
    with pytest.raises(Exception, match="may have 10,000 bytes"):
        build(tmp_path)
