"""The themes by which data is told, of one list for every tier."""

from __future__ import annotations

from enum import StrEnum


class Theme(StrEnum):
    """The fields of the opening pilot (公共信息资源开放试点工作方案, 2018).

    How portals spell them stands in ``data/harvest.toml``.
    """

    CREDIT = "credit"
    MEDICAL = "medical"
    EMPLOYMENT = "employment"
    SAFETY = "safety"
    HOUSING = "housing"
    TRANSPORT = "transport"
    EDUCATION = "education"
    SCIENCE = "science"
    RESOURCES = "resources"
    ENVIRONMENT = "environment"
    PRODUCTION = "production"
    TRADE = "trade"
    FINANCE = "finance"
    PRODUCTION_SAFETY = "production-safety"
    MARKET = "market"
    RELIEF = "relief"
    LAW = "law"
    LIVING = "living"
    WEATHER = "weather"
    GEOGRAPHY = "geography"
    ORGANISATIONS = "organisations"
    OTHER = "other"
