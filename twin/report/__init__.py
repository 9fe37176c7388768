"""Pages for people: one self-contained HTML file that a clinical team can read offline."""

from .content import Estimate, ReportContent
from .page import write_report

__all__ = ["Estimate", "ReportContent", "write_report"]
