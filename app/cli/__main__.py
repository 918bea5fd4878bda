import sys

from nexdeck.app.cli import main

sys.exit(main())
