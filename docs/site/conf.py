"""How Sphinx builds the documentation: everything it shows lies beside the page, nothing is fetched."""

project = "Kontor"
copyright = "the authors of Kontor, Apache-2.0"  # noqa: A001 - Sphinx's own word
extensions = ["myst_parser"]
html_theme = "furo"
html_title = "Kontor"
html_show_sourcelink = False
html_copy_source = False
myst_heading_anchors = 4
"""So that links to headings are found, and those to none fail the build."""
suppress_warnings = ["misc.highlighting_failure"]
"""Examples of JSON are shortened by `…`."""
