"""The same as ``nexdeck serve`` when started without arguments, else the same as ``nexdeck``."""

import sys

from app.cli import main

if __name__ in {"__main__", "__mp_main__"}:
    sys.argv[1:] = sys.argv[1:] or ["serve"]
    main()
