"""Container registries: importing an image over ARM, and asking the registry itself for a manifest."""

from dataclasses import dataclass

from shared.gateways.arm import Arm
from shared.gateways.connection import Connection, asking
from shared.gateways.operations import Operation
from shared.gateways.preview import only_looking

_SCOPE = "https://containerregistry.azure.net/.default"
_MANIFESTS = (
    "application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.manifest.v1+json, "
    "application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.oci.image.index.v1+json"
)


@dataclass(frozen=True)
class Registry:
    """Roles: AcrPull to look, Container Registry Data Importer and Data Reader to import."""

    connection: Connection

    def has_digest(self, server: str, repository: str, digest: str) -> bool:
        """Whether a registry has an image of exactly that digest."""
        place = f"{server}/{repository}@{digest}"
        return self.connection.look("image", place, lambda: self._has_digest(server, repository, digest))

    def _has_digest(self, server: str, repository: str, digest: str) -> bool:
        url = f"https://{server}/v2/{repository}/manifests/{digest}"
        token = self._token(server, repository)
        headers = {"Authorization": f"Bearer {token}", "Accept": _MANIFESTS}
        with asking("get image manifest", url):
            answer = self.connection.http.head(url, headers=headers)
            if answer.status_code == 404:
                return False
            answer.raise_for_status()
        return True

    def _token(self, server: str, repository: str) -> str:
        """A registry wants tokens of its own: Entra ID's is exchanged for one, and that for one of the repository."""
        http, address = self.connection.http, f"https://{server}/oauth2"
        entra = self.connection.credential.get_token(_SCOPE).token
        with only_looking(), asking("sign in to registry", address):
            form = {"grant_type": "access_token", "service": server, "access_token": entra}
            answer = http.post(f"{address}/exchange", data=form).raise_for_status()
            form = {
                "grant_type": "refresh_token",
                "service": server,
                "scope": f"repository:{repository}:pull",
                "refresh_token": answer.json()["refresh_token"],
            }
            return str(http.post(f"{address}/token", data=form).raise_for_status().json()["access_token"])

    def import_image(
        self, registry_id: str, server: str, source: str, repository: str, digest: str
    ) -> Operation | None:
        """Begin to copy `source@digest` (`server/repository`) into a registry, under its digest alone."""
        self.connection.expect("image", f"{server}/{repository}@{digest}", lambda _: True)
        registry, _, image = source.partition("/")
        body = {
            "source": {"registryUri": registry, "sourceImage": f"{image}@{digest}"},
            "untaggedTargetRepositories": [repository],
            "mode": "Force",
        }
        return Arm(self.connection, "2023-07-01").begin(
            "import image", "POST", f"{registry_id}/importImage", body
        )
