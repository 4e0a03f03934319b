"""What the deliverer of a file declares beyond the entry: encoding, words of the header, the table, the width."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How one system writes its files."""

    encoding: str = "utf-8"  # utf-8 | gb18030 | big5
    on_bad_bytes: str = "refuse"  # refuse | quarantine
    delimiter: str = ","
    headers: Mapping[str, str] = field(
        default_factory=dict
    )  # word of the header -> item name, where it is not the title
    table: str = ""  # of a database, or sheet of a workbook
    width_column: str = ""  # holds the number of fields that the source line had
    width: int = 0  # that number in an intact line
    rows_at: str = ""  # path of the list in a JSON document, such as data.list
    castable: frozenset[str] = frozenset()  # items whose whole numbers and dates may become text

    def declaring(self, *, encoding: str = "", delimiter: str = "", table: str = "", rows_at: str = "") -> Layout:
        r"""Return the layout with what somebody declares beside it; an empty word declares nothing.

        >>> Layout(table="t").declaring(delimiter="tab", encoding="gb18030").delimiter
        '\t'
        """
        return replace(
            self,
            encoding=encoding or self.encoding,
            delimiter={"tab": "\t", "": self.delimiter}.get(delimiter, delimiter),
            table=table or self.table,
            rows_at=rows_at or self.rows_at,
        )


_REGISTER_WORDS = {
    "企业名称": "name",
    "统一社会信用代码": "uscc",
    "注册日期": "reg_date",
    "企业类型": "ent_type",
    "注册资金": "capital",
    "经营范围": "scope",
    "所在省份": "province",
    "地区": "city",
    "注册地址": "address",
}

# Layouts of registers as they are passed around; a system of one's own declares its own.
LAYOUTS: Mapping[str, Layout] = {
    "enterprise-register": Layout(headers=_REGISTER_WORDS),
    "enterprise-register-gb18030": Layout(headers=_REGISTER_WORDS, encoding="gb18030"),
    "enterprise-register-parquet": Layout(headers=_REGISTER_WORDS, width_column="width", width=10),
}
