"""What each tab of a deployment gets."""

from dataclasses import dataclass

from nexdeck.pages.address import PageAddress
from nexdeck.pages.components.deployments.lifecycle import Lifecycle
from nexdeck.pages.feeds import Feeds
from nexdeck.services.studio import Studio


@dataclass
class TabContext:
    """The services, and the actions that lead to other places."""

    studio: Studio
    feeds: Feeds
    lifecycle: Lifecycle
    address: PageAddress
