"""``python -m jutong`` is ``jutong``."""

from jutong.app import main

main()
