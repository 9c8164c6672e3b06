"""The report as one HTML page, for people without the program."""

from jitrisk.report.page.compose import html_page

__all__ = ["html_page"]
