"""Apprise with its hundred and fifty plugins: importing this takes most of a second, so only who sends does."""

import logging
from typing import Any

import apprise
from apprise.plugins import N_MGR

# Their logs show addresses with their secrets; what went wrong is in our own errors.
logging.getLogger("apprise").disabled = True
logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)

# Here, and not with the first message: it would hold up whatever else is done in that second.
N_MGR.load_modules()

ASSET = apprise.AppriseAsset(
    app_id="Foundry Ops",
    app_desc="Foundry Ops",
    async_mode=False,
    http_redirects=False,
    storage_mode="memory",
)


def plugin_of(url: str) -> Any:  # noqa: ANN401 - one of Apprise's plugins
    """The plugin that sends to an Apprise URL; None when there is none."""
    return apprise.Apprise.instantiate(url, asset=ASSET)
