"""A made register of enterprises for where no real one is at hand: same seed, same bytes.

Names, addresses and trades are drawn by lot; divisions and code schemes are real. The faults are those that
were measured on 397,655 real registrations, in their shares (``DEFECTS``, rows in 100,000), so that what the demo
shows is what a register really looks like. A fault that is rarer than one row is still put in once, from 1,000 rows on.
"""

from __future__ import annotations

import io
import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from jutong.kernel.files import write_whole
from jutong.terms.identifier import (
    CREDIT_ALPHABET,
    credit_code_of,
    organisation_code_of,
    registration_number_of,
)

T = TypeVar("T")

DEFECTS: Mapping[str, int] = {
    "type_absent": 89_000,  # the type says N/A
    "capital_absent": 20_000,  # the capital says N/A
    "scope_absent": 112,  # the scope says N/A
    "place_absent": 435,  # the place says N/A
    "place_abolished": 2_980,  # the place is an abolished district or a functional area
    "capital_comma_as_point": 36,  # 200,0000000(万): a plain sum is wrong by powers of ten
    "capital_unit_confused": 10,  # yuan written under a heading of ten thousand yuan
    "columns_lost_unreadable": 95,  # columns in another order, and GBK once read as UTF-8
    "columns_lost": 1,  # columns in another order, still readable
    "code_old_number": 843,  # a sound 15-digit registration number in place of the credit code
    "code_thirteen_digits": 102,  # an older number still, with no check digit
    "code_length": 6,  # a character was lost
    "code_lower_case": 24,  # right but for its small letters
    "code_check_digit": 11,  # the last character is wrong
    "code_organisation": 9,  # the inner organisation code is wrong, the outer check digit right
    "code_registry_division": 700,  # the division part is a registering office's own (development zones)
    "code_unknown_division": 212,  # the division part is nobody's
    "code_twice_same_name": 27,  # one enterprise, two rows
    "code_twice_two_names": 3,  # one code, two names: a conflict that nobody may settle by overwriting
}

COLUMNS = ("name", "uscc", "reg_date", "ent_type", "capital", "scope", "province", "city", "address")
ABSENT = "N/A"
INTACT_WIDTH = 10
ORGANISATION_DIGITS = "0123456789X"  # what an organisation code may end with

# Weights below are counts in a register of Chongqing, 1980 to 2004.
_YEARLY = (
    *(71, 129, 116, 33, 134, 140, 327, 105, 130, 486, 421, 183, 456, 672, 738),
    *(1234, 1000, 1697, 1949, 1610, 1306, 745, 1848, 2279, 4468),
)
YEARS = dict(zip(range(1980, 2005), _YEARLY, strict=True))
# Short name in the register, division part of the codes given there, name in addresses.
PLACES = {
    ("九龙坡", "500107", "九龙坡区"): 315,
    ("渝中", "500103", "渝中区"): 223,
    ("沙坪坝", "500106", "沙坪坝区"): 165,
    ("渝北", "500112", "渝北区"): 156,
    ("南岸", "500108", "南岸区"): 149,
    ("江北", "500105", "江北区"): 139,
    ("北碚", "500109", "北碚区"): 92,
    ("万州", "500101", "万州区"): 91,
    ("巴南", "500113", "巴南区"): 86,
    ("涪陵", "500102", "涪陵区"): 66,
    ("江津", "500116", "江津区"): 57,
    ("大渡口", "500104", "大渡口区"): 56,
    ("永川", "500118", "永川区"): 46,
    ("长寿", "500115", "长寿区"): 44,
    ("璧山", "500227", "璧山区"): 43,
    ("合川", "500117", "合川区"): 36,
    ("綦江", "500222", "綦江区"): 34,
    ("开州", "500234", "开州区"): 29,
    ("忠县", "500233", "忠县"): 29,
    ("铜梁", "500224", "铜梁区"): 27,
    ("荣昌", "500226", "荣昌区"): 24,
    ("大足", "500225", "大足区"): 23,
    ("南川", "500119", "南川区"): 23,
    ("潼南", "500223", "潼南区"): 23,
    ("垫江", "500231", "垫江县"): 21,
    ("云阳", "500235", "云阳县"): 19,
    ("丰都", "500230", "丰都县"): 18,
    ("梁平", "500228", "梁平区"): 16,
    ("石柱", "500240", "石柱土家族自治县"): 15,
    ("奉节", "500236", "奉节县"): 13,
    ("黔江", "500114", "黔江区"): 12,
    ("彭水", "500243", "彭水苗族土家族自治县"): 11,
    ("巫山", "500237", "巫山县"): 10,
    ("武隆", "500232", "武隆区"): 10,
    ("秀山", "500241", "秀山土家族苗族自治县"): 9,
    ("巫溪", "500238", "巫溪县"): 9,
    ("城口", "500229", "城口县"): 7,
    ("酉阳", "500242", "酉阳土家族苗族自治县"): 7,
}
ABOLISHED_PLACES = ("万盛",) * 28 + ("双桥",) * 12 + ("北部新区",) * 58 + ("两江新区",) * 2
# A code is kept for life, so a firm that moved in brings the code of the development zone that it came from.
REGISTRY_DIVISIONS = ("320594", "320592", "320691", "320191", "520390", "321391")
UNKNOWN_DIVISIONS = ("500190", "500191", "500192", "500193", "500290")
TYPES = {
    "有限责任公司": 300,
    "集体经济": 474,
    "个人独资企业": 326,
    "股份合作制": 216,
    "分公司": 161,
    "国有经济": 82,
    "普通合伙": 53,
    "股份有限公司": 4,
    "非公司企业法人（集体经济）": 3,
    "农民专业合作社": 2,
    "联营企业": 2,
}
CAPITAL_SPELLINGS = {
    "{}(万)": 10386,
    "{}(万人民币元)": 6319,
    "{}万人民币": 918,
    "{}(万美元)": 149,
    "{}(万元人民币)": 131,
    "{}(万香港元)": 28,
    "{}万人民币元": 9,
    "{}万元人民币": 3,
    "{}(万日元)": 2,
    "{}万": 2,
    "{}(万瑞士法郎)": 1,
    "{}(万欧元)": 1,
    "{}(万德国马克)": 1,
    "{}(万元)": 1,
}
AMOUNTS = (
    *("3", "5", "8", "10", "10", "20", "30", "30", "50", "50", "50", "80", "100", "100", "100", "108", "150", "200"),
    *("240", "300", "500", "500", "816", "1,000", "1,008", "1,500", "2,050", "3,000", "5,000", "12,867", "20000"),
    *("50.3", "84.5", "88.0300", "316.5000"),
)
BRAND_LETTERS = "鑫宏达润泰恒瑞华盛嘉康源顺丰隆茂诚信佳美博雅天宇江渝巴山龙凤祥和兴旺永安金银玉海川林森科创智联通远"
TRADES = (
    *(
        "机械制造",
        "汽车配件",
        "摩托车配件",
        "建筑工程",
        "建材",
        "商贸",
        "实业",
        "物资",
        "化工",
        "医药",
        "食品",
        "农业开发",
    ),
    *("运输", "物流", "电子科技", "仪器仪表", "印务", "广告", "房地产开发", "物业管理", "园林绿化", "装饰工程", "餐饮"),
    *("供水", "水电开发", "煤业", "矿业", "塑料制品", "五金", "纺织", "服装", "家具", "环保工程", "咨询服务", "旅行社"),
)
NAME_PATTERNS = (
    *("重庆{brand}{trade}有限公司",) * 8,
    *("重庆市{brand}{trade}有限公司",) * 4,
    *("重庆市{full_place}{brand}{trade}有限公司",) * 4,
    *("重庆{brand}{trade}有限责任公司",) * 3,
    *("重庆{brand}{trade}股份有限公司{place}分公司",) * 2,
    "{full_place}{brand}{trade}厂",
    "重庆市{place}供销合作社{brand}{street}门市部",
    "重庆{brand}{trade}集团有限公司{street}营业部",
)
STREETS = (
    *("龙溪街道", "石坪桥", "观音桥", "南坪", "鱼洞", "人和", "双碑", "歇马", "白沙镇", "文峰镇", "太平镇", "城关镇"),
    *("新华", "双凤", "九宫庙", "建桥", "回兴", "沙坪镇", "仙女山镇", "凤城"),
)
ROADS = ("人民路", "建设路", "解放路", "新华路", "滨江路", "中山大道", "民主街", "工业园区", "胜利村", "迎宾大道")
NUMBERS = ("{0}号", "{0}号", "{0}号{1}-{2}", "{0}号附{1}号", "{0}号{1}幢{2}-{1}", "{1}社", "{0}号({1}楼)")
GOODS = (
    *("建筑材料（不含危险化学品）", "五金", "交电", "日用百货", "汽车零部件", "摩托车及配件", "化工产品", "办公用品"),
    *("金属材料", "机电设备", "电线电缆", "农副产品", "针纺织品", "电子产品", "仪器仪表", "计算机及配件", "工艺美术品"),
    *("塑料制品", "橡胶制品", "木材", "煤炭", "水泥", "饲料", "苗木花卉", "文化用品", "体育用品"),
)
SCOPE_OPENINGS = ("{trade}；", "{trade}及技术咨询；", "从事{trade}相关业务；", "")
SCOPE_ENDINGS = (
    "。",
    "（依法须经批准的项目，经相关部门批准后方可开展经营活动）",
    "。[法律、法规禁止的，不得经营；法律、法规规定应经审批的，未获审批前，不得经营]",
    "*",
)


@dataclass(slots=True)
class Row:
    """One line of the register, with where it stood in which yearly file."""

    year: int
    line: int
    values: dict[str, str]
    width: int = INTACT_WIDTH


def defects_in(rows: int) -> dict[str, int]:
    """Return how many rows of a register of that size have each fault.

    >>> defects_in(100_000)["code_old_number"], defects_in(1_000)["code_organisation"], defects_in(10)["type_absent"]
    (843, 1, 9)
    """
    least = 1 if rows >= 1_000 else 0
    return {name: max(least, round(rows * share / 100_000)) for name, share in DEFECTS.items()}


def make_register(path: Path, rows: int = 22_277, seed: int = 20_260_101) -> None:
    """Write a register of ``rows`` lines to a Parquet file at ``path``."""
    lot = _Lot(seed)
    lines = list(_sound_rows(lot, rows))
    _spoil(lot, lines, defects_in(rows))
    table = pa.table(
        {
            "src_province": pa.array(["重庆"] * rows, pa.string()),
            "src_year": pa.array([line.year for line in lines], pa.int64()),
            "src_line": pa.array([line.line for line in lines], pa.int64()),
            "width": pa.array([line.width for line in lines], pa.int64()),
            **{name: pa.array([line.values[name] for line in lines], pa.string()) for name in COLUMNS},
        }
    )
    spelled = io.BytesIO()
    pq.write_table(table, spelled, compression="zstd")
    write_whole(path, spelled.getvalue())


class _Lot:
    """Lots drawn from a seed, by the one method whose sequence Python promises to keep."""

    def __init__(self, seed: int) -> None:
        self._draw = random.Random(seed).random  # noqa: S311, nothing secret is drawn
        self._organisations: set[int] = set()

    def below(self, bound: int) -> int:
        """Draw a number from 0 to ``bound`` - 1."""
        return int(self._draw() * bound)

    def one_of(self, things: Sequence[T]) -> T:
        """Draw one thing."""
        return things[self.below(len(things))]

    def deck(self, things: Iterable[T]) -> list[T]:
        """Return the things in a drawn order."""
        return [thing for _, _, thing in sorted((self._draw(), place, thing) for place, thing in enumerate(things))]

    def organisation(self) -> str:
        """Draw an organisation code that was not drawn before."""
        while True:
            number = (20_000_000, 70_000_000)[self.below(2)] + self.below(10_000_000)
            if number not in self._organisations:
                self._organisations.add(number)
                return organisation_code_of(str(number))


def _sound_rows(lot: _Lot, rows: int) -> Iterator[Row]:
    names: set[str] = set()
    places = _weighed(PLACES)
    spellings = _weighed(CAPITAL_SPELLINGS)
    types = _weighed(TYPES)
    for year, count in _shared_out(rows, YEARS):
        first = date(year, 1, 1).toordinal()
        for line in range(2, 2 + count):
            place, division, full_place = lot.one_of(places)
            trade = lot.one_of(TRADES)
            name = _name(lot, place, full_place, trade)
            while name in names:
                name = _name(lot, place, full_place, trade)
            names.add(name)
            values = {
                "name": name,
                "uscc": credit_code_of("91" + ("500000" if lot.below(18) == 0 else division) + lot.organisation()),
                "reg_date": date.fromordinal(first + lot.below(365)).isoformat(),
                "ent_type": lot.one_of(types),
                "capital": lot.one_of(spellings).format(lot.one_of(AMOUNTS)),
                "scope": _scope(lot, trade),
                "province": "重庆",
                "city": place,
                "address": _address(lot, full_place),
            }
            yield Row(year, line, values)


def _name(lot: _Lot, place: str, full_place: str, trade: str) -> str:
    brand = lot.one_of(BRAND_LETTERS) + lot.one_of(BRAND_LETTERS)
    pattern = lot.one_of(NAME_PATTERNS)
    return pattern.format(place=place, full_place=full_place, brand=brand, trade=trade, street=lot.one_of(STREETS))


def _scope(lot: _Lot, trade: str) -> str:
    goods = "、".join(lot.one_of(GOODS) for _ in range(3 + lot.below(9)))
    return f"{lot.one_of(SCOPE_OPENINGS).format(trade=trade)}销售{goods}{lot.one_of(SCOPE_ENDINGS)}"


def _address(lot: _Lot, full_place: str) -> str:
    number = lot.one_of(NUMBERS).format(lot.below(400) + 1, lot.below(30) + 1, lot.below(8) + 1)
    return f"重庆市{full_place}{lot.one_of(STREETS)}{lot.one_of(ROADS)}{number}"


def _spoil(lot: _Lot, lines: list[Row], counts: Mapping[str, int]) -> None:
    """Put every fault into its number of rows; a code, a place, a capital has at most one fault."""
    deck = lot.deck(range(len(lines)))
    lost = [deck.pop() for _ in range(counts["columns_lost"] + counts["columns_lost_unreadable"])]
    _spoil_codes(lot, lines, counts, list(deck))
    for column, absent in (("ent_type", "type_absent"), ("scope", "scope_absent")):
        for place in lot.deck(deck)[: counts[absent]]:
            lines[place].values[column] = ABSENT
    _spoil_places(lot, lines, counts, lot.deck(deck))
    _spoil_capitals(lot, lines, counts, lot.deck(deck))
    for order, place in enumerate(lost):
        lines[place] = _with_lost_columns(lines[place], readable=order < counts["columns_lost"])


def _spoil_places(lot: _Lot, lines: list[Row], counts: Mapping[str, int], deck: list[int]) -> None:
    for _ in range(counts["place_absent"]):
        lines[deck.pop()].values["city"] = ABSENT
    for _ in range(counts["place_abolished"]):
        lines[deck.pop()].values["city"] = lot.one_of(ABOLISHED_PLACES)


def _spoil_capitals(lot: _Lot, lines: list[Row], counts: Mapping[str, int], deck: list[int]) -> None:
    for _ in range(counts["capital_absent"]):
        lines[deck.pop()].values["capital"] = ABSENT
    for _ in range(counts["capital_comma_as_point"]):
        lines[deck.pop()].values["capital"] = lot.one_of(("2,0000(万)", "200,0000000(万)", "50,0000(万)"))
    for _ in range(counts["capital_unit_confused"]):
        lines[deck.pop()].values["capital"] = lot.one_of(("7,500,000(万)", "12,000,000(万)", "5,080,000(万)"))


def _spoil_codes(lot: _Lot, lines: list[Row], counts: Mapping[str, int], deck: list[int]) -> None:
    makers: Mapping[str, Callable[[str], str]] = {
        "code_old_number": lambda code: registration_number_of(code[2:8] + code[8:16]),
        "code_thirteen_digits": lambda code: code[2:8] + code[8:15],
        "code_length": lambda code: code[:17],
        "code_lower_case": lambda code: _lettered(lot, code).lower(),
        "code_check_digit": lambda code: code[:17] + _other_than(lot, code[17], CREDIT_ALPHABET),
        "code_organisation": lambda code: credit_code_of(code[:16] + _other_than(lot, code[16], ORGANISATION_DIGITS)),
        "code_registry_division": lambda code: credit_code_of(code[:2] + lot.one_of(REGISTRY_DIVISIONS) + code[8:17]),
        "code_unknown_division": lambda code: credit_code_of(code[:2] + lot.one_of(UNKNOWN_DIVISIONS) + code[8:17]),
    }
    for fault, spoilt in makers.items():
        for _ in range(counts[fault]):
            values = lines[deck.pop()].values
            values["uscc"] = spoilt(values["uscc"])
    for _ in range(counts["code_twice_same_name"]):
        first, second = lines[deck.pop()].values, lines[deck.pop()].values
        second["uscc"], second["name"] = first["uscc"], first["name"]
    for _ in range(counts["code_twice_two_names"]):
        lines[deck.pop()].values["uscc"] = lines[deck.pop()].values["uscc"]


def _lettered(lot: _Lot, code: str) -> str:
    while code == code.lower():
        code = credit_code_of(code[:8] + lot.organisation())
    return code


def _other_than(lot: _Lot, letter: str, alphabet: str) -> str:
    return lot.one_of(alphabet.replace(letter, ""))


def _with_lost_columns(row: Row, *, readable: bool) -> Row:
    told = row.values
    order = [told[name] for name in ("name", "address", "uscc", "city", "reg_date", "scope", "ent_type")]
    parts = [*order, *told["capital"].split(",")]
    if not readable:
        parts = [part.encode("gb18030").decode("utf-8", "replace") for part in parts]
    width = INTACT_WIDTH + max(0, len(parts) - len(COLUMNS) + 1)
    parts = [*parts, ABSENT][: len(COLUMNS)]
    return replace(row, values=dict(zip(COLUMNS, parts, strict=True)), width=width)


def _weighed(weights: Mapping[T, int]) -> list[T]:
    return [thing for thing, weight in weights.items() for _ in range(weight)]


def _shared_out(rows: int, weights: Mapping[int, int]) -> Iterator[tuple[int, int]]:
    whole, seen, given = sum(weights.values()), 0, 0
    for year, weight in weights.items():
        seen += weight
        upto = rows * seen // whole
        yield year, upto - given
        given = upto
