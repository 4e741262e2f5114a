"""Keys that sign, as the real SDK uses them."""

import hashlib

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.keyvault.keys import KeyClient
from azure.keyvault.keys.crypto import CryptographyClient, SignatureAlgorithm

from tests.infra.local.azure.data_planes import Lab, lab

assert lab  # a fixture: imported for its name
OPS = "https://kv-fas-ops.vault.azure.net"
DIGEST = hashlib.sha256(b"what is to be signed").digest()


def keys(lab: Lab) -> KeyClient:
    return KeyClient(OPS, **lab.sdk)


@pytest.mark.parametrize(
    ("make", "algorithm"),
    [("create_ec_key", SignatureAlgorithm.es256), ("create_rsa_key", SignatureAlgorithm.rs256)],
)
def test_what_it_signs_verifies_and_nothing_else_does(lab, make, algorithm):
    made = getattr(keys(lab), make)("signing")
    crypto = CryptographyClient(made.id, **lab.sdk)
    signed = crypto.sign(algorithm, DIGEST)
    assert signed.key_id == made.id
    # The client verifies with the public key that the vault gave it, so this is no word of the simulator.
    assert crypto.verify(algorithm, DIGEST, signed.signature).is_valid
    assert not crypto.verify(algorithm, hashlib.sha256(b"else").digest(), signed.signature).is_valid
    assert made.key.d is None


def test_the_evidence_key_is_there_and_gets_new_versions(lab):
    first = keys(lab).get_key("evidence")
    assert first.key.kty == "EC"
    second = keys(lab).create_ec_key("evidence")
    assert keys(lab).get_key("evidence").id == second.id != first.id
    assert keys(lab).get_key("evidence", first.properties.version).key.x == first.key.x != second.key.x


def test_what_is_wrong_is_refused(lab):
    with pytest.raises(ResourceNotFoundError):
        keys(lab).get_key("missing")
    crypto = CryptographyClient(keys(lab).get_key("evidence").id, **lab.sdk)
    for algorithm, digest in ((SignatureAlgorithm.es256, b"short"), ("RS256", DIGEST)):
        with pytest.raises((HttpResponseError, NotImplementedError)):
            crypto.sign(algorithm, digest)


def test_two_worlds_of_one_seed_hold_the_same_key(lab):
    from tests.infra.local.azure.data_planes import running

    with running() as other:
        assert keys(other).get_key("evidence").key.x == keys(lab).get_key("evidence").key.x
