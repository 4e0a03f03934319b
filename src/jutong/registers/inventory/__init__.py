"""What a body has and does: its systems described, its powers and duties, and the service items that rest on them."""

from .acts import describe_system, list_power, list_service_item
from .duties import Power, PowerKind, Requirement, RequirementKind, ServiceItem
from .profile import Cloud, DatabaseKind, SystemProfile
from .store import (
    find_power,
    find_service_item,
    powers,
    powers_listed,
    profiles,
    service_items,
    service_items_listed,
)

__all__ = [
    "Cloud",
    "DatabaseKind",
    "Power",
    "PowerKind",
    "Requirement",
    "RequirementKind",
    "ServiceItem",
    "SystemProfile",
    "describe_system",
    "find_power",
    "find_service_item",
    "list_power",
    "list_service_item",
    "powers",
    "powers_listed",
    "profiles",
    "service_items",
    "service_items_listed",
]
