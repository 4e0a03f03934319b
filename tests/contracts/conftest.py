"""What the contract suites share."""

from __future__ import annotations

import sys

# PySpark takes a main module without a file, which is what a pytest-xdist worker has, for a run of its own doctests.
if not hasattr(sys.modules["__main__"], "__file__"):
    sys.modules["__main__"].__file__ = __file__
