"""The simulated Redis: what it holds is gone after a flush, and one operation at a time."""

import pytest

from infra.local.azure.contoso import EAST, resource_id
from shared.errors import AzureCallFailed
from shared.gateways.azure import Azure
from tests.infra.local.azure.data_planes import Lab, lab  # noqa: F401 - a fixture

CACHE = resource_id(EAST, "Microsoft.Cache/redis", "redis-fas-japaneast")


def gateways(lab: Lab) -> Azure:  # noqa: F811
    return Azure(lab.connection, mail_endpoint="https://m", mail_sender="a@b")


def test_a_flush_takes_its_time_and_holds_the_cache(lab: Lab) -> None:  # noqa: F811
    azure = gateways(lab)
    cache = azure.redis.cache(CACHE)
    assert cache is not None
    assert not cache.busy
    operation = azure.redis.flush(cache)
    assert operation is not None
    assert azure.operation(operation).status == "running"
    with pytest.raises(AzureCallFailed, match="is busy processing") as refused:
        azure.redis.flush(cache)
    assert (refused.value.status, refused.value.retryable) == (409, True)
    lab.clock.advance(11)
    assert azure.operation(operation).status == "succeeded"


def test_there_is_none_of_another_name(lab: Lab) -> None:  # noqa: F811
    assert gateways(lab).redis.cache(CACHE + "-2") is None


def test_while_its_region_is_out_nothing_is_flushed(lab: Lab) -> None:  # noqa: F811
    azure = gateways(lab)
    cache = azure.redis.cache(CACHE)
    assert cache is not None
    lab.outage("japaneast")
    with pytest.raises(AzureCallFailed, match="503"):
        azure.redis.flush(cache)
