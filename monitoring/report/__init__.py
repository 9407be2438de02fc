"""The oversight report: public figures, two pages in plain English, pictures, and the page that holds them."""

from monitoring.report.alternatives import alternatives, city_level
from monitoring.report.document import earlier_findings, public_document
from monitoring.report.page import pdf_of, plain_page, report_page
from monitoring.report.public import public_findings
from monitoring.report.subject import Areas, Forecasts, ReportInput, Subject
from monitoring.report.suppression import PublicTable, public_column, public_count, public_table

__all__ = [
    "Areas",
    "Forecasts",
    "PublicTable",
    "ReportInput",
    "Subject",
    "alternatives",
    "city_level",
    "earlier_findings",
    "pdf_of",
    "plain_page",
    "public_column",
    "public_count",
    "public_document",
    "public_findings",
    "public_table",
    "report_page",
]
