"""Composition root: settings become a credential, a transport, gateways and the estate, once a process."""

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from shared import warming
from shared.estate.load import load
from shared.importing import IMPORTING
from shared.model.estate import Estate
from shared.model.signing import Signer
from shared.settings import Settings, load_settings

if TYPE_CHECKING:
    from shared.gateways.azure import Azure
    from shared.gateways.preview import Preview

APP_FOLDER = Path(__file__).parent.parent


class Runtime:
    """What triggers and activities work with."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @cached_property
    def estate(self) -> Estate:
        """The estate file, checked."""
        return load(APP_FOLDER / self.settings.estate_file)

    @cached_property
    def azure(self) -> "Azure":
        """All gateways."""
        return self._azure(None)

    def make_clients(self) -> None:
        """Make what all gateways send with, before somebody waits for it; nothing is sent."""
        _ = self.azure.connection.transport, self.azure.connection.http

    def preview_azure(self) -> "Azure":
        """Gateways of their own for one preview: their connection sends nothing that would change anything."""
        with IMPORTING:
            from shared.gateways.preview import Preview  # noqa: PLC0415 - only when somebody asks

        return self._azure(Preview())

    def _azure(self, preview: "Preview | None") -> "Azure":
        with IMPORTING:
            from shared.gateways.azure import Azure  # noqa: PLC0415 - SDK wrappers only when something is called
            from shared.gateways.connection import Connection  # noqa: PLC0415

        platform = self.estate.platform
        connection = Connection(
            subscription_id=self.estate.subscription_id,
            endpoint=self.settings.azure_endpoint_url,
            managed_identity_client_id=self.settings.azure_client_id,
            preview=preview,
        )
        telemetry = self.estate.telemetry
        return Azure(
            connection,
            mail_endpoint=platform.mail_endpoint,
            mail_sender=platform.mail_sender,
            workspace_id=telemetry.workspace_id if telemetry else None,
            escalation=self.estate.escalation,
        )

    @cached_property
    def signer(self) -> Signer:
        """Signs and checks what starts or decides."""
        return Signer(self.settings.run_signing_key.get_secret_value().encode())


_made: list[Runtime] = []


def runtime() -> Runtime:
    """The process's own runtime, made with the first call; what later calls need is then imported beside them."""
    if not _made:
        with IMPORTING:
            if not _made:
                _made.append(Runtime(load_settings()))
                if _made[0].settings.warm_up:
                    warming.begin(_made[0].make_clients)
    return _made[0]
