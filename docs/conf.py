"""How Sphinx builds the site: `make docs` at the root of the repository. Nothing is fetched from a network."""

import sys
from importlib import metadata
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

project = "jitrisk"
author = "the authors of jitrisk"
release = version = metadata.version("jitrisk")
extensions = ["myst_nb", "sphinx.ext.autodoc", "numpydoc", "sphinx_click", "site_parts"]
exclude_patterns = ["_build", "data"]

highlight_language = "none"
smartquotes = False  # -- stays two hyphens

# Documents: the same Markdown as on a code forge.
myst_heading_anchors = 4
nb_execution_mode = "auto"
nb_execution_timeout = 120
nb_merge_streams = True

# The API: types stand in the signatures only.
autodoc_typehints = "signature"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
python_maximum_signature_line_length = 88
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False

# A name between single backticks is a link where it leads to something public, and plain code otherwise.
default_role = "py:obj"
nitpicky = True
nitpick_ignore_regex = [
    ("py:obj", ".*"),
    # Other people's types: their pages would have to be fetched.
    ("py:.*", r"(xarray|xr|numpy|np|matplotlib|pydantic|collections|typing|pathlib|os|click|rich)\..*"),
    ("py:.*", r"(Any|Callable|Iterable|Iterator|Literal|Mapping|Path|PathLike|Sequence)"),
]

html_static_path = ["_static"]
html_css_files = ["site.css"]
html_theme = "pydata_sphinx_theme"
html_title = f"jitrisk {release}"
html_context = {"default_mode": "auto"}
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
html_show_copyright = False
html_sidebars = {page: [] for page in ("index", "guide", "decide", "notebooks/*")}
html_theme_options = {
    "logo": {"text": "jitrisk"},
    "header_links_before_dropdown": 8,
    "navigation_with_keys": True,
    "navbar_align": "left",
    "show_prev_next": True,
    "show_toc_level": 2,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": [],
    "footer_end": [],
}
