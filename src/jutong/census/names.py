"""The words by which columns, items and tags name what they hold, in Chinese, in pinyin and in English."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

# The first that fits counts, so what is more particular stands first.
_WORDS: Mapping[str, str] = {
    "resident-id": r"身份证(?!件?(?:类型|类别|失效|有效|签发|正面|照))|公民身份号?码|居民身份号"
    r"|\b(?:sfzh|sfzhm|sfzhao|gmsfhm|gmsfzh)\b|\bid ?card(?: ?(?:no|num|number))?\b|identity ?(?:no|number|card)"
    r"|\bidno\b|\bid number\b",
    "credit-code": r"统一社会信用代?码|社会信用代码|\b(?:tyshxydm|tyshxy|shxydm|xydm|uscc)\b|credit ?code",
    "organisation-code": r"组织机构代码|\bzzjgdm\b|org(?:anisation|anization)? code",
    "registration-number": r"工商注册号|营业执照注册号|\bzch\b|registration (?:no|number)\b",
    "licence-id": r"电子证照标识|\bdzzzbs\b|licence id\b",
    "bank-card": r"银行卡|银行账号|银行帐号|开户账号|卡号|\b(?:yhzh|yhkh)\b|bank ?(?:card|account)|\bcard ?no\b",
    "email": r"电子邮箱|电子邮件|邮箱|\be ?mail\b|\bdzyx\b",
    "phone": r"手机|电话|联系方式|\b(?:sjh|sjhm|lxdh|lxfs|dhhm)\b|\bphone|\bmobile|\btel(?:ephone)?\b",
    "division": r"行政区划|区划代码|\bxzqh(?:dm)?\b|\bdivision\b|\barea ?code\b|\badcode\b",
    "address": r"地址|住址|住所|\b[a-z]{0,4}dz\b|\baddr(?:ess)?\b",
    "enterprise-name": r"企业名称|单位名称|公司名称|机构名称|\b(?:qymc|dwmc)\b|(?:company|enterprise) ?name",
    "person-name": r"姓名|法定代表人|法人代表|负责人|联系人|\b(?:xm|fddbr)\b|person ?name|legal ?rep",
    "date": r"日期|时间|\b[a-z]{0,6}rq\b|\bdate\b|\bat\b",
    "amount": r"金额|资金|价款|收入|\b[a-z]{0,6}je\b|\b(?:amount|price|capital)\b",
}
# Where the words of a name in Latin letters meet: reg_date, regDate.
_JOINTS = re.compile(r"_+|(?<=[a-z0-9])(?=[A-Z])")
_PATTERNS = {element: re.compile(words) for element, words in _WORDS.items()}


def element_named(*words: str) -> str:
    """Return the element that any of the words names, the first word first; empty if none does.

    >>> element_named("sfzh"), element_named("f1", "联系电话"), element_named("身份证件类型"), element_named("note")
    ('resident-id', 'phone', '', '')
    """
    for one in words:
        plain = _JOINTS.sub(" ", unicodedata.normalize("NFKC", one)).casefold()
        for element, pattern in _PATTERNS.items():
            if pattern.search(plain):
                return element
    return ""


def folded(words: str) -> str:
    """Return a title as it is compared: in one width, small letters, without blanks and marks.

    >>> folded(" 法定 代表人（姓名）") == folded("法定代表人姓名")
    True
    """
    plain = unicodedata.normalize("NFKC", words).casefold()
    return "".join(letter for letter in plain if letter.isalnum())
