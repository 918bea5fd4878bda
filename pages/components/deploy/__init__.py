"""The dialogs that deploy, redeploy and roll back, with their options."""

from nexdeck.pages.components.deploy.dialog import open_deploy_dialog
from nexdeck.pages.components.deploy.redeploy import open_redeploy_dialog

__all__ = ["open_deploy_dialog", "open_redeploy_dialog"]

DOORS = ("revision_dialogs",)
