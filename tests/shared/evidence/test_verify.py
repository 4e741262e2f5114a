"""Whatever is done to a bundle is found; nothing but `cryptography` is needed for that."""

import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.evidence import keys
from shared.evidence.__main__ import main
from shared.evidence.chain import canonical, chained, digest, seal, statement
from shared.evidence.verify import NotGenuine, verify

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
HASHED = Prehashed(hashes.SHA256())
KID = "https://kv.vault.azure.net/keys/evidence/1"


@cache
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65_537, 2048)


def private(kind: str, number: int = 7) -> Any:
    return ec.derive_private_key(number, ec.SECP256R1()) if kind == "ES256" else rsa_key()


def b64(value: int, length: int) -> str:
    return keys.encoded(value.to_bytes(length))


def jwk(key: Any) -> dict[str, str]:
    numbers = key.public_key().public_numbers()
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return {"kty": "EC", "crv": "P-256", "x": b64(numbers.x, 32), "y": b64(numbers.y, 32)}
    return {"kty": "RSA", "n": b64(numbers.n, 256), "e": b64(numbers.e, 3)}


def sign(key: Any, what: bytes) -> bytes:
    if isinstance(key, ec.EllipticCurvePrivateKey):
        r, s = decode_dss_signature(key.sign(what, ec.ECDSA(HASHED)))
        return r.to_bytes(32) + s.to_bytes(32)
    return key.sign(what, padding.PKCS1v15(), HASHED)


def entries(run: str, requests: int = 6) -> list[tuple[str, dict[str, Any]]]:
    sent = [("sent", {"method": "POST", "url": f"https://x/{n}", "body": {"äö": n}}) for n in range(requests)]
    return [("manifest", {"run_id": run}), *sent, ("record", {"run_id": run, "status": "succeeded"})]


def bundle(run: str = "run-1", algorithm: str = "ES256", key: Any = None, made: Any = None) -> bytes:
    key = key or private(algorithm)
    lines, count, head = chained(made or entries(run))
    said = statement(
        run_id=run, count=count, head=head, sealed_at="2026-01-01T00:00:00Z", key_id=KID,
        algorithm=algorithm, jwk=jwk(key),
    )  # fmt: skip
    return lines + seal(said, keys.normal(sign(key, digest(said)), algorithm))


GOOD = bundle()
OTHER = bundle("run-2")


def public(algorithm: str = "ES256", number: int = 7) -> keys.PublicKey:
    return private(algorithm, number).public_key()


def is_genuine(content: bytes) -> bool:
    try:
        verify(content)
    except NotGenuine:
        return False
    return True


@pytest.mark.parametrize("algorithm", ["ES256", "RS256"])
def test_a_bundle_as_it_was_sealed_is_genuine(algorithm: str):
    content = bundle(algorithm=algorithm)
    found = verify(content, public(algorithm))
    assert (found.run_id, found.lines, found.key_id, found.trusted) == ("run-1", 8, KID, True)
    assert not verify(content).trusted


@pytest.mark.parametrize("algorithm", ["ES256", "RS256"])
def test_every_single_byte_counts(algorithm: str):
    content = bundle(algorithm=algorithm)
    for place in range(len(content)):
        for flip in (0x01, 0x20, 0x80):
            changed = bytearray(content)
            changed[place] ^= flip
            assert not is_genuine(bytes(changed)), f"byte {place}: {content[place - 20 : place + 20]!r}"


@settings(deadline=None)
@given(st.integers(0, len(GOOD) - 1), st.binary(min_size=1, max_size=20), st.integers(0, 20))
def test_nothing_can_be_put_in_or_over(place: int, put: bytes, over: int):
    changed = GOOD[:place] + put + GOOD[place + over :]
    assert changed == GOOD or not is_genuine(changed)


@settings(deadline=None)
@given(st.integers(0, len(GOOD) - 1), st.integers(1, 400))
def test_nothing_can_be_cut_out(place: int, length: int):
    assert not is_genuine(GOOD[:place] + GOOD[place + length :])


@settings(deadline=None)
@given(st.data())
def test_lines_can_be_neither_dropped_doubled_nor_moved(data: st.DataObject):
    lines = GOOD.splitlines(keepends=True)
    order = data.draw(st.lists(st.integers(0, len(lines) - 1), max_size=2 * len(lines)))
    content = b"".join(lines[number] for number in order)
    assert content == GOOD or not is_genuine(content)


@settings(deadline=None)
@given(st.data())
def test_lines_of_another_run_do_not_fit_in(data: st.DataObject):
    mine, theirs = GOOD.splitlines(keepends=True), OTHER.splitlines(keepends=True)
    place = data.draw(st.integers(0, len(mine) - 1))
    length = data.draw(st.integers(1, len(mine) - place))
    content = b"".join([*mine[:place], *theirs[place : place + length], *mine[place + length :]])
    assert content in {GOOD, OTHER} or not is_genuine(content)


@pytest.mark.parametrize("added", [b"\n", b" ", b"x\n", GOOD, GOOD.splitlines(keepends=True)[-1]])
def test_nothing_can_be_added_at_either_end(added: bytes):
    assert not is_genuine(GOOD + added)
    assert not is_genuine(added + GOOD)


def test_the_other_signature_that_ecdsa_allows_is_not_taken():
    *lines, last = GOOD.splitlines(keepends=True)
    sealed = json.loads(last)
    raw = keys.decoded(sealed["signature"])
    sealed["signature"] = keys.encoded(raw[:32] + (ORDER - int.from_bytes(raw[32:])).to_bytes(32))
    with pytest.raises(NotGenuine, match="signature does not fit"):
        verify(b"".join(lines) + canonical(sealed) + b"\n")


def test_a_forger_needs_the_vaults_key():
    forged = bundle(made=entries("run-1", requests=2), key=private("ES256", 8))
    assert not verify(forged).trusted, "it is in one piece, under a key of the forger's own"
    with pytest.raises(NotGenuine, match="not the key that is trusted"):
        verify(forged, public())
    claims = bundle(made=entries("run-1", requests=2), key=private("ES256", 8)).splitlines(keepends=True)
    sealed = json.loads(claims[-1])
    sealed["statement"]["key"] = jwk(private("ES256"))
    with pytest.raises(NotGenuine, match="signature does not fit"):
        verify(b"".join(claims[:-1]) + canonical(sealed) + b"\n", public())


def test_a_manifest_of_another_run_is_refused():
    lines, count, head = chained(entries("run-2"))
    said = statement(
        run_id="run-1", count=count, head=head, sealed_at="", key_id=KID, algorithm="ES256",
        jwk=jwk(private("ES256")),
    )  # fmt: skip
    content = lines + seal(said, keys.normal(sign(private("ES256"), digest(said)), "ES256"))
    with pytest.raises(NotGenuine, match="manifest is of another run"):
        verify(content)


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_other_file_is_refused_and_nothing_worse(content: bytes):
    assert not is_genuine(content)
    assert not is_genuine(content + b"\n")


@pytest.mark.parametrize(
    "hostile",
    [
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b"9" * 10_000,
        b'{"kind":"seal","statement":{},"signature":""}',
        b"\xff",
    ],
)
def test_hostile_seals_are_refused(hostile: bytes):
    assert not is_genuine(GOOD + hostile + b"\n")
    assert not is_genuine(hostile + b"\n")


@pytest.mark.parametrize(
    "wrong",
    [
        {"kty": "EC", "crv": "P-384", "x": "AA", "y": "AA"},
        {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"},
        {"kty": "RSA", "n": "AQAB", "e": "AQAB"},
        {"kty": "oct", "k": "AA"},
        {},
    ],
)
def test_weak_and_odd_keys_are_refused(wrong: dict[str, str]):
    with pytest.raises(ValueError):
        keys.from_jwk(wrong)


class TestCommand:
    @pytest.fixture
    def file(self, tmp_path: Path) -> Path:
        path = tmp_path / "evidence.jsonl"
        path.write_bytes(GOOD)
        return path

    def pem(self, number: int = 7) -> bytes:
        return public(number=number).public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    def test_genuine_with_each_form_of_the_trusted_key(self, file: Path, capsys: pytest.CaptureFixture[str]):
        own = jwk(private("ES256"))
        for form in (self.pem(), json.dumps(own).encode(), json.dumps({"key": {**own, "kid": KID}}).encode()):
            key = file.with_name("key")
            key.write_bytes(form)
            assert main(["verify", str(file), "--key", str(key)]) == 0
            said = capsys.readouterr()
            assert said.out == f"{file} is genuine: run-1, 8 lines, sealed 2026-01-01T00:00:00Z with {KID}\n"
            assert said.err == ""

    def test_without_a_trusted_key_it_warns(self, file: Path, capsys: pytest.CaptureFixture[str]):
        assert main(["verify", str(file)]) == 0
        assert capsys.readouterr().err.startswith(
            "warning: checked with the key that the bundle itself brings"
        )

    def test_changed_or_with_another_key_it_is_not(self, file: Path, capsys: pytest.CaptureFixture[str]):
        key = file.with_name("key")
        key.write_bytes(self.pem(8))
        assert main(["verify", str(file), "--key", str(key)]) == 1
        file.write_bytes(GOOD.replace(b"succeeded", b"Succeeded"))
        assert main(["verify", str(file)]) == 1
        first, second = capsys.readouterr().out.splitlines()
        assert "NOT genuine: it was sealed with" in first
        assert second == f"{file} is NOT genuine: line 8 is not the one that was sealed"

    def test_what_cannot_be_read_is_said(self, file: Path, capsys: pytest.CaptureFixture[str]):
        assert main(["verify", str(file.with_name("missing"))]) == 1
        assert main(["verify", str(file), "--key", str(file)]) == 1
        first, second = capsys.readouterr().out.splitlines()
        assert first.endswith("cannot be read: No such file or directory")
        assert "holds no public key" in second

    def test_it_needs_no_azure(self, file: Path):
        code = (
            "import sys; from shared.evidence.__main__ import main; code = main(['verify', sys.argv[1]]);"
            "sys.exit(code or any(name.split('.')[0] in {'azure', 'httpx', 'pydantic'} for name in sys.modules))"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, str(file)], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
