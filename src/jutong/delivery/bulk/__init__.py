"""Hand over what was agreed as a whole: the view of an agreement, in files, by shares (Delta Sharing) or as one file.

Nouns: View, Part, Profile; of `telling`: Event, Subscription.
"""

from .acts import (
    confirm_receipt,
    declare_marks,
    drop_view,
    hand_over_file,
    issue_profile,
    make_view,
    revoke_profile,
    trace,
)
from .fetching import Fetched, Fetcher
from .form import Form, Handed, form_named
from .handing import hand_over
from .keeping import keep_view, keep_views, remake_views
from .making import views_folder
from .marking import Marking
from .profile import LONGEST_DAYS, Profile, profile_file
from .proving import is_manifest, proved
from .server import SharingServer, sharing_of
from .store import find_profile, marked_entries, marking_of, newest_view, profiles_of, view_at, views_of
from .tracing import Leak, Trace, read_leak
from .view import BATCHES, Part, View

__all__ = [
    "BATCHES",
    "LONGEST_DAYS",
    "Fetched",
    "Fetcher",
    "Form",
    "Handed",
    "Leak",
    "Marking",
    "Part",
    "Profile",
    "SharingServer",
    "Trace",
    "View",
    "confirm_receipt",
    "declare_marks",
    "drop_view",
    "find_profile",
    "form_named",
    "hand_over",
    "hand_over_file",
    "is_manifest",
    "issue_profile",
    "keep_view",
    "keep_views",
    "make_view",
    "marked_entries",
    "marking_of",
    "newest_view",
    "profile_file",
    "profiles_of",
    "proved",
    "read_leak",
    "remake_views",
    "revoke_profile",
    "sharing_of",
    "trace",
    "view_at",
    "views_folder",
    "views_of",
]
