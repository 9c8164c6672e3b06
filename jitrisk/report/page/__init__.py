"""The report as one HTML page, for people without the program."""

from jitrisk.report.page.compose import render_page

__all__ = ["render_page"]
