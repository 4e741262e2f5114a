"""What the vault signs, the verifier accepts: both kinds of key, through the real clients."""

import hashlib
from typing import Any

import pytest
from azure.keyvault.keys import KeyClient

from shared.errors import AzureCallFailed, EstateInvalid
from shared.evidence import keys
from tests.shared.actions.stage import Stage

VAULT = "https://kv-fas-ops.vault.azure.net"
DIGEST = hashlib.sha256(b"statement").digest()


def client(stage: Stage) -> Any:
    return KeyClient(VAULT, **stage.lab.sdk)


@pytest.mark.parametrize(("make", "algorithm"), [("create_ec_key", "ES256"), ("create_rsa_key", "RS256")])
def test_each_kind_of_key_signs_what_the_verifier_accepts(stage: Stage, make: str, algorithm: str) -> None:
    made = getattr(client(stage), make)("sealing")
    key = stage.azure.signing_keys.current(f"{VAULT}/keys/sealing")
    assert key.id == made.id
    assert keys.ALGORITHMS[key.jwk["kty"]] == algorithm
    public = keys.from_jwk(key.jwk)
    for _ in range(8):  # half of all ES256 signatures are the higher one of the two
        signature = keys.normal(stage.azure.signing_keys.sign(key, algorithm, DIGEST), algorithm)
        assert keys.signed(public, algorithm, DIGEST, signature)
        assert not keys.signed(public, algorithm, hashlib.sha256(b"else").digest(), signature)


def test_a_new_version_takes_over_and_the_old_one_can_still_be_named(stage: Stage) -> None:
    old = stage.azure.signing_keys.current(stage.estate.platform.evidence_key_url)
    client(stage).create_ec_key("evidence")
    new = stage.azure.signing_keys.current(stage.estate.platform.evidence_key_url)
    assert new.id != old.id
    assert stage.azure.signing_keys.current(old.id) == old


def test_what_is_no_key_is_said(stage: Stage) -> None:
    with pytest.raises(AzureCallFailed) as caught:
        stage.azure.signing_keys.current(f"{VAULT}/keys/missing")
    assert caught.value.status == 404
    with pytest.raises(EstateInvalid, match="no address of a key"):
        stage.azure.signing_keys.current(f"{VAULT}/secrets/run-signing-key")
