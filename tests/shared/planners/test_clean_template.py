"""Templates: images are replaced by digest, changes are found, and values are never told."""

import copy
from typing import Any

import pytest

from shared.planners.clean_template import differences, images_replaced, repository_of, restored

OURS, DIGEST = "r.azurecr.io/team/app", "sha256:" + "1" * 64
CLEAN: dict[str, Any] = {
    "containers": [
        {"name": "app", "image": f"{OURS}@sha256:{'0' * 64}", "env": [{"name": "A", "value": "1"}]},
        {"name": "sidecar", "image": "mcr.microsoft.com/proxy:1"},
    ],
    "scale": {"minReplicas": 3},
}


def changed(**app: Any) -> dict[str, Any]:
    template = copy.deepcopy(CLEAN)
    template["containers"][0] |= app
    return template


@pytest.mark.parametrize(
    ("image", "repository"),
    [
        (f"{OURS}@{DIGEST}", OURS),
        (f"{OURS}:v1", OURS),
        ("localhost:5000/app:v1", "localhost:5000/app"),
        ("r.azurecr.io/app", "r.azurecr.io/app"),
    ],
)
def test_a_repository_is_an_image_without_tag_and_digest(image: str, repository: str) -> None:
    assert repository_of(image) == repository


def test_only_images_of_the_repository_are_replaced() -> None:
    patched = images_replaced(CLEAN, OURS, DIGEST)
    assert [one["image"] for one in patched["containers"]] == [
        f"{OURS}@{DIGEST}",
        "mcr.microsoft.com/proxy:1",
    ]
    assert patched["revisionSuffix"] == "", "a suffix cannot be used twice"
    assert CLEAN["containers"][0]["image"].endswith("0"), "the argument was changed"


def test_changes_are_named_without_their_values() -> None:
    now = changed(
        env=[{"name": "A", "value": "hunter2"}, {"name": "HTTPS_PROXY", "value": "http://evil"}],
        command=["sh"],
    )
    now["containers"].append({"name": "miner", "image": "x/y:1"})
    now["scale"] = {"minReplicas": 1}
    found = differences(CLEAN, now)
    assert found == (
        "container miner was added",
        "command of container app",
        "settings A, HTTPS_PROXY of container app",
        "scale",
    )
    assert "hunter2" not in str(found)
    assert "evil" not in str(found)


def test_images_and_suffixes_are_no_change() -> None:
    assert differences(CLEAN, {**images_replaced(CLEAN, OURS, DIGEST), "revisionSuffix": "v2"}) == ()


def test_what_is_restored_keeps_the_images_of_now() -> None:
    now = images_replaced(changed(env=[{"name": "EVIL", "value": "1"}]), OURS, DIGEST)
    now["containers"].append({"name": "miner", "image": "x/y:1"})
    result = restored(CLEAN, now)
    assert differences(CLEAN, result) == ()
    assert [one["image"] for one in result["containers"]] == [f"{OURS}@{DIGEST}", "mcr.microsoft.com/proxy:1"]
