"""App settings: what is missing or wrong is named, secrets are not, and the loopback seam opens nowhere else."""

import json
from pathlib import Path

import pytest

from shared.errors import SettingsInvalid
from shared.settings import AZURE_MARKS, load_settings

ROOT = Path(__file__).parents[2]
KEY = "0123456789abcdef" * 4


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        *AZURE_MARKS,
        "ESTATE_FILE",
        "RUN_SIGNING_KEY",
        "AZURE_ENDPOINT_URL",
        "WEBSITE_AUTH_ENABLED",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ESTATE_FILE", "shared/estate/contoso.yaml")
    monkeypatch.setenv("RUN_SIGNING_KEY", KEY)


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ESTATE_FILE")
    monkeypatch.delenv("RUN_SIGNING_KEY")
    with pytest.raises(
        SettingsInvalid, match=r"ESTATE_FILE: .*; RUN_SIGNING_KEY: .*local\.settings\.sample\.json"
    ):
        load_settings()


def test_a_key_that_is_too_short_is_refused_and_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUN_SIGNING_KEY", "hunter2")
    with pytest.raises(SettingsInvalid, match="RUN_SIGNING_KEY") as caught:
        load_settings()
    assert "hunter2" not in str(caught.value)


def test_the_samples_own_key_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    sample = json.loads((ROOT / "local.settings.sample.json").read_text(encoding="utf-8"))["Values"]
    monkeypatch.setenv("RUN_SIGNING_KEY", sample["RUN_SIGNING_KEY"])
    with pytest.raises(SettingsInvalid, match=r"RUN_SIGNING_KEY: .*openssl rand"):
        load_settings()


def test_the_key_is_shown_nowhere() -> None:
    assert KEY not in repr(load_settings())


@pytest.mark.parametrize("url", ["http://127.0.0.1:7072", "http://127.9.9.9:1", "http://[::1]:7072"])
def test_the_seam_takes_literal_loopback_addresses(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("AZURE_ENDPOINT_URL", url)
    assert load_settings().azure_endpoint_url == url


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:7072",
        "https://127.0.0.1:7072",
        "http://127.0.0.1.example.com",
        "http://10.0.0.1:80",
        "http://management.azure.com",
        "127.0.0.1:7072",
        "http://0.0.0.0:7072",
        "http://user@evil.example/127.0.0.1",
    ],
)
def test_the_seam_takes_nothing_else(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("AZURE_ENDPOINT_URL", url)
    with pytest.raises(SettingsInvalid, match=r"AZURE_ENDPOINT_URL: .*loopback"):
        load_settings()


@pytest.mark.parametrize("mark", AZURE_MARKS)
def test_the_seam_never_opens_in_azure(monkeypatch: pytest.MonkeyPatch, mark: str) -> None:
    monkeypatch.setenv("AZURE_ENDPOINT_URL", "http://127.0.0.1:7072")
    monkeypatch.setenv(mark, "something")
    with pytest.raises(SettingsInvalid, match=rf"AZURE_ENDPOINT_URL: .*{mark}"):
        load_settings()


@pytest.mark.parametrize(("value", "on"), [("true", True), ("True", True), ("TRUE", True), ("false", False)])
def test_authentication_is_on_in_any_case_of_letters(
    monkeypatch: pytest.MonkeyPatch, value: str, *, on: bool
) -> None:
    monkeypatch.setenv("WEBSITE_AUTH_ENABLED", value)
    assert load_settings().website_auth_enabled is on


def test_an_empty_address_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_ENDPOINT_URL", "")
    assert load_settings().azure_endpoint_url is None
