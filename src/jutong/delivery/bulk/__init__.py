"""Hand over what was agreed as a whole: the view of an agreement, in files, by shares (Delta Sharing) or as one file.

Nouns: View, Part, Profile.
"""

from .acts import confirm_receipt, drop_view, hand_over_file, issue_profile, make_view, revoke_profile
from .fetching import Fetched, Fetcher
from .form import Form, Handed, form_named
from .handing import hand_over
from .keeping import keep_view, keep_views, remake_views
from .making import views_folder
from .profile import LONGEST_DAYS, Profile, profile_file
from .server import SharingServer, sharing_of
from .store import find_profile, newest_view, profiles_of, view_at, views_of
from .view import BATCHES, Part, View

__all__ = [
    "BATCHES",
    "LONGEST_DAYS",
    "Fetched",
    "Fetcher",
    "Form",
    "Handed",
    "Part",
    "Profile",
    "SharingServer",
    "View",
    "confirm_receipt",
    "drop_view",
    "find_profile",
    "form_named",
    "hand_over",
    "hand_over_file",
    "issue_profile",
    "keep_view",
    "keep_views",
    "make_view",
    "newest_view",
    "profile_file",
    "profiles_of",
    "remake_views",
    "revoke_profile",
    "sharing_of",
    "view_at",
    "views_folder",
    "views_of",
]
