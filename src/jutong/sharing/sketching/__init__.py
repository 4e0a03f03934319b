"""A request form that is put aside and taken up again by the officers of one body."""

from .acts import sketch_request
from .sketch import Sketch
from .store import sketch_for, sketches

__all__ = ["Sketch", "sketch_for", "sketch_request", "sketches"]
