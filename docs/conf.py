"""Sphinx configuration."""

project = "Terasu"
author = "The Terasu developers"
extensions = ["myst_parser", "sphinx.ext.autodoc", "numpydoc"]
html_theme = "furo"
myst_heading_anchors = 3
numpydoc_show_class_members = False
exclude_patterns = ["_build"]
suppress_warnings = ["myst.xref_missing"]
