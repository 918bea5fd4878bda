"""The same as ``nexdeck serve`` when started without arguments, else the same as ``nexdeck``."""

import sys

from nexdeck.app.cli import main

if __name__ in {"__main__", "__mp_main__"}:
    sys.argv[1:] = sys.argv[1:] or ["serve"]
    sys.exit(main())
