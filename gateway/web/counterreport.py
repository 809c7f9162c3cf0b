"""A report of usage spelled as COUNTER's Item Report: the table of section 3.2 and 4.4 of the Code, and its JSON."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, Final

from gateway.auditing.bundle import safe_cell
from gateway.auditing.usage import UsageLine, UsageReport
from gateway.usage import Metric

METRICS: Final = tuple(each.value for each in Metric)
RELEASE: Final = "5.1"
# Usage is not told apart by institutions here, which the Code calls a global report.
EVERYBODY: Final = "The World"
DATA_TYPE: Final = "News_Item"
CREATED_BY: Final = "copyright-gateway"
COLUMNS: Final = (
    "Item",
    "Publisher",
    "Publisher_ID",
    "Platform",
    "DOI",
    "Proprietary_ID",
    "ISBN",
    "Print_ISSN",
    "Online_ISSN",
    "URI",
    "Data_Type",
    "Metric_Type",
    "Reporting_Period_Total",
)
MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

Addressed = Callable[[str], str]


def table(report: UsageReport, address_of: Addressed, platform: str) -> Iterator[str]:
    """Write the report as comma-separated values, line by line; `address_of` tells an article's by its slug."""
    for row in (*_header(report), (), (*COLUMNS, *map(_month_column, report.months))):
        yield _line(row)
    for each in report.lines:
        yield _line(_row(report, each, address_of, platform))


def tree(report: UsageReport, address_of: Addressed, platform: str) -> dict[str, Any]:
    """Spell the report as the JSON of the Code's API, an article an item."""
    items: dict[int, dict[str, Any]] = {}
    for each in report.lines:
        article = each.article
        item = items.setdefault(
            article.id,
            {
                "Item": article.headline,
                "Item_ID": {"Proprietary": _own_id(each, platform), "URI": address_of(article.slug)},
                "Platform": platform,
                "Publisher": report.publisher,
                "Attribute_Performance": [{"Data_Type": DATA_TYPE, "Performance": {}}],
            },
        )
        item["Attribute_Performance"][0]["Performance"][each.metric] = dict(each.months)
    header = {
        "Report_Name": "Item Report",
        "Report_ID": "IR",
        "Release": RELEASE,
        "Institution_Name": EVERYBODY,
        "Report_Filters": {
            "Begin_Date": report.span.since.isoformat(),
            "End_Date": report.span.until.isoformat(),
        },
        "Created": _instant(report.made_at),
        "Created_By": CREATED_BY,
        "Registry_Record": "",
    }
    return {"Report_Header": header, "Report_Items": [{"Items": [item]} for item in items.values()]}


def _header(report: UsageReport) -> tuple[tuple[str, str], ...]:
    return (
        ("Report_Name", "Item Report"),
        ("Report_ID", "IR"),
        ("Release", RELEASE),
        ("Institution_Name", EVERYBODY),
        ("Institution_ID", ""),
        ("Metric_Types", "; ".join(METRICS)),
        ("Report_Filters", ""),
        ("Report_Attributes", ""),
        ("Exceptions", ""),
        ("Reporting_Period", f"Begin_Date={report.span.since}; End_Date={report.span.until}"),
        ("Created", _instant(report.made_at)),
        ("Created_By", CREATED_BY),
        ("Registry_Record", ""),
    )


def _row(report: UsageReport, line: UsageLine, address_of: Addressed, platform: str) -> tuple[object, ...]:
    known = {
        "Item": line.article.headline,
        "Publisher": report.publisher,
        "Platform": platform,
        "Proprietary_ID": _own_id(line, platform),
        "URI": address_of(line.article.slug),
        "Data_Type": DATA_TYPE,
        "Metric_Type": line.metric,
        "Reporting_Period_Total": sum(line.months.values()),
    }
    counts = (line.months.get(month, 0) for month in report.months)
    return (*(known.get(name, "") for name in COLUMNS), *counts)


def _own_id(line: UsageLine, platform: str) -> str:
    return f"{platform}:{line.article.id}"


def _month_column(month: str) -> str:
    return f"{MONTHS[int(month[5:]) - 1]}-{month[:4]}"


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def _line(row: Iterable[object]) -> str:
    written = io.StringIO()
    csv.writer(written).writerow([safe_cell(cell) for cell in row])
    return written.getvalue()
