"""The only importer of apprise: an address becomes a plugin, a message goes out, and the real cause of a failure comes
back. With its hundred plugins it is large: this module is imported once a channel uses it, and in a thread."""

import logging

import apprise

# At DEBUG both log addresses, which hold tokens. What is to be known of a failure is in the result.
for chatty in ("apprise", "urllib3"):
    logging.getLogger(chatty).setLevel(logging.WARNING)
    logging.getLogger(chatty).propagate = False
REFUSED = "The service did not take it, and said no more."


def instantiate(url: str) -> apprise.NotifyBase | None:
    """The plugin for an address, or None when apprise does not understand it. Reads nothing but the address."""
    asset = apprise.AppriseAsset(
        app_id="Nexdeck",
        app_desc="Nexdeck",
        app_url="",
        image_path_mask=False,
        image_url_mask="",
        image_url_logo="",
        async_mode=False,
        http_redirects=False,
        storage_mode=apprise.PersistentStoreMode.MEMORY,
        pgp_autogen=False,
        pem_autogen=False,
        allow_templates=False,
    )
    return apprise.Apprise.instantiate(url, asset=asset, suppress_exceptions=True)


def notify(url: str, title: str, body: str, seconds: float) -> str | None:
    """Send a text. Returns None when it was taken, else why not, in the words of apprise."""
    plugin = instantiate(url)
    if plugin is None:
        return "apprise does not understand the address any more."
    sender = apprise.Apprise(asset=plugin.asset)
    sender.add(plugin)
    result = sender.notify(body=body, title=title, body_format=apprise.NotifyFormat.TEXT, timeout=seconds)
    if result:
        return None
    return " ".join(str(entry.message) for entry in result.logs() if entry.message)[-600:] or REFUSED
