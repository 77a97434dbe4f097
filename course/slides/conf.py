"""Slides: one deck per part and one lecture, for sphinx-revealjs. Built by `make slides`."""

project = "Depth, Not Data"
author = "The Depth, Not Data book team"
extensions = [
    "myst_parser",
    "sphinx_revealjs",
    "sphinx-mathjax-offline",
    "depth_not_data.presentation.sphinx_slides",
]
myst_enable_extensions = ["amsmath", "attrs_inline", "colon_fence", "dollarmath"]
exclude_patterns = ["figures"]
revealjs_static_path = ["assets"]
revealjs_css_files = ["slides.css"]
revealjs_style_theme = "white"
revealjs_script_plugins = [{"name": "RevealNotes", "src": "revealjs/plugin/notes/notes.js"}]
revealjs_script_conf = {
    "hash": True,
    "slideNumber": "c/t",
    "width": 1280,
    "height": 720,
    "margin": 0.06,
    "transition": "none",
    "center": False,
    "pdfSeparateFragments": False,
}
