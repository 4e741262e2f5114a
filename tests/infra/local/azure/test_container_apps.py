import pytest
from azure.core.exceptions import HttpResponseError
from azure.mgmt.appcontainers import ContainerAppsAPIClient
from azure.mgmt.appcontainers.models import TrafficWeight

from infra.local.azure.contoso import DOMAIN_EAST, IMAGE

GROUP, APP = "rg-fas-japaneast", "ca-agent-service"


@pytest.fixture
def apps(azure):
    with azure.client(ContainerAppsAPIClient) as client:
        yield client


def scaled(apps, least, most=10):
    app = apps.container_apps.get(GROUP, APP)
    app.template.scale.min_replicas, app.template.scale.max_replicas = least, most
    return app


def replicas(apps, revision):
    return apps.container_apps_revision_replicas.list_replicas(GROUP, APP, revision).value


def test_app_of_the_estate_runs(apps):
    app = apps.container_apps.get(GROUP, APP)
    assert app.configuration.ingress.fqdn.startswith("ca-agent-service.")
    assert app.configuration.ingress.fqdn.endswith(".japaneast.azurecontainerapps.io")
    assert app.template.containers[0].image == IMAGE
    assert [one.name for one in apps.container_apps.list_by_subscription()] == [APP]
    revision = apps.container_apps_revisions.get_revision(GROUP, APP, app.latest_ready_revision_name)
    assert (revision.active, revision.health_state, revision.replicas) == (True, "Healthy", 3)
    assert all(one.containers[0].ready for one in replicas(apps, revision.name))


def test_new_template_is_a_new_revision_that_takes_over_when_ready(azure, apps):
    poller = apps.container_apps.begin_update(GROUP, APP, scaled(apps, 5))
    assert apps.container_apps.get(GROUP, APP).provisioning_state == "InProgress"
    azure.advance(20)
    poller.result(timeout=20)
    app = apps.container_apps.get(GROUP, APP)
    assert app.latest_revision_name != app.latest_ready_revision_name
    assert azure.get(f"https://{app.configuration.ingress.fqdn}/health").status_code == 200
    new = app.latest_revision_name
    assert not any(one.containers[0].ready for one in replicas(apps, new))
    azure.advance(20)
    assert apps.container_apps.get(GROUP, APP).latest_ready_revision_name == new
    active = [one.name for one in apps.container_apps_revisions.list_revisions(GROUP, APP) if one.active]
    assert active == [new]
    assert len(replicas(apps, new)) == 5


def test_second_change_meets_the_first(apps):
    apps.container_apps.begin_update(GROUP, APP, scaled(apps, 4), polling=False)
    with pytest.raises(HttpResponseError) as failure:
        apps.container_apps.begin_update(GROUP, APP, scaled(apps, 6), polling=False)
    assert (failure.value.status_code, failure.value.error.code) == (409, "ContainerAppOperationInProgress")


def test_impossible_scale_is_refused(apps):
    with pytest.raises(HttpResponseError) as failure:
        apps.container_apps.begin_update(GROUP, APP, scaled(apps, 12, 10))
    assert failure.value.error.code == "ContainerAppInvalidScaleSpec"


def test_unknown_image_leaves_the_old_revision_in_service(azure, apps):
    app = scaled(apps, 3)
    app.template.containers[0].image = IMAGE.split("@")[0] + "@sha256:" + "0" * 64
    poller = apps.container_apps.begin_update(GROUP, APP, app)
    azure.advance(60)
    poller.result(timeout=20)
    app = apps.container_apps.get(GROUP, APP)
    broken = apps.container_apps_revisions.get_revision(GROUP, APP, app.latest_revision_name)
    assert (broken.provisioning_state, broken.health_state) == ("Failed", "Unhealthy")
    assert app.latest_ready_revision_name != app.latest_revision_name
    assert azure.get("https://api.fas.contoso.com/health").status_code == 200


def test_restart_replaces_every_replica_each_time(azure, apps):
    revision = apps.container_apps.get(GROUP, APP).latest_revision_name
    before = {one.name for one in replicas(apps, revision)}
    apps.container_apps_revisions.restart_revision(GROUP, APP, revision)
    assert azure.get("https://api.fas.contoso.com/health").status_code == 200
    azure.advance(21)
    after = replicas(apps, revision)
    assert len(after) == 3
    assert not before & {one.name for one in after}
    assert all(one.containers[0].ready for one in after)
    assert azure.ledger()[-1]["path"].endswith("/restart")


def test_stop_and_start(azure, apps):
    azure.finish(lambda: apps.container_apps.begin_stop(GROUP, APP), 15)
    assert azure.get("https://api.fas.contoso.com/health").status_code == 403
    revision = apps.container_apps.get(GROUP, APP).latest_revision_name
    with pytest.raises(HttpResponseError):
        apps.container_apps_revisions.restart_revision(GROUP, APP, revision)
    azure.finish(lambda: apps.container_apps.begin_start(GROUP, APP), 15)
    assert azure.get("https://api.fas.contoso.com/health").status_code == 503
    azure.advance(20)
    assert azure.get("https://api.fas.contoso.com/health").status_code == 200


def test_outage_fails_what_is_under_way_and_what_comes(azure, apps):
    poller = apps.container_apps.begin_update(GROUP, APP, scaled(apps, 5))
    azure.outage()
    with pytest.raises(HttpResponseError) as failure:
        apps.container_apps_revisions.restart_revision(GROUP, APP, "ca-agent-service--0000001")
    assert failure.value.status_code == 503
    azure.advance(30)
    with pytest.raises(HttpResponseError):
        poller.result(timeout=20)
    app = apps.container_apps.get(GROUP, APP)
    assert app.provisioning_state == "Failed"
    revision = apps.container_apps_revisions.get_revision(GROUP, APP, app.latest_ready_revision_name)
    assert revision.running_state == "Unknown"


def test_environments_certificates_and_usages(azure, apps):
    west = apps.managed_environments.get("rg-fas-japanwest", "cae-fas-japanwest")
    assert west.default_domain.endswith(".japanwest.azurecontainerapps.io")
    assert list(apps.container_apps.list_by_resource_group("rg-fas-japanwest")) == []
    certificates = list(apps.managed_certificates.list(GROUP, "cae-fas-japaneast"))
    assert certificates[0].properties.subject_name == "api.fas.contoso.com"
    assert [one.name.value for one in apps.usages.list("japaneast")] == [
        "ManagedEnvironmentCount",
        "SessionPools",
    ]
    (cores,) = apps.managed_environment_usages.list(GROUP, "cae-fas-japaneast")
    assert (cores.name.value, cores.current_value, cores.limit) == (
        "ManagedEnvironmentConsumptionCores",
        3,
        100,
    )
    azure.fault("no_capacity", "japaneast")
    (cores,) = apps.managed_environment_usages.list(GROUP, "cae-fas-japaneast")
    assert cores.limit == 3


def test_host_name_needs_a_certificate_of_the_same_environment(apps):
    app = apps.container_apps.get(GROUP, APP)
    domain = app.configuration.ingress.custom_domains[0]
    domain.certificate_id = domain.certificate_id.replace("cae-fas-japaneast", "cae-fas-japanwest")
    with pytest.raises(HttpResponseError) as failure:
        apps.container_apps.begin_update(GROUP, APP, app)
    assert failure.value.error.code == "CertificateNotFound"


def test_traffic_goes_where_its_weights_say(azure, apps):
    app = apps.container_apps.get(GROUP, APP)
    first = app.latest_revision_name
    app.configuration.active_revisions_mode = "Multiple"
    app.template.scale.min_replicas = 4
    app.configuration.ingress.traffic = [TrafficWeight(revision_name=first, weight=100)]
    azure.finish(lambda: apps.container_apps.begin_update(GROUP, APP, app), 60)
    azure.advance(20)
    weights = {one.name: (one.active, one.traffic_weight) for one in list_revisions(apps)}
    second = apps.container_apps.get(GROUP, APP).latest_revision_name
    assert weights == {first: (True, 100), second: (True, 0)}
    apps.container_apps_revisions.deactivate_revision(GROUP, APP, first)
    assert azure.get("https://api.fas.contoso.com/health").status_code == 503
    app = apps.container_apps.get(GROUP, APP)
    app.configuration.ingress.traffic = [TrafficWeight(revision_name=second, weight=90)]
    with pytest.raises(HttpResponseError, match="add up to 100"):
        apps.container_apps.begin_update(GROUP, APP, app)
    app.configuration.ingress.traffic = [TrafficWeight(revision_name=second, weight=100)]
    azure.finish(lambda: apps.container_apps.begin_update(GROUP, APP, app), 60)
    azure.advance(20)
    assert azure.get("https://api.fas.contoso.com/health").status_code == 200


def list_revisions(apps):
    return apps.container_apps_revisions.list_revisions(GROUP, APP)


def test_new_environment_gets_a_domain_that_it_keeps(apps):
    begin = apps.managed_environments.begin_create_or_update
    body = {"location": "westus2", "properties": {}}
    made = begin("rg-fas-global", "cae-new", body).result(timeout=20)
    assert made.default_domain.endswith(".westus2.azurecontainerapps.io")
    again = begin("rg-fas-global", "cae-new", {**body, "tags": {"a": "b"}}).result(timeout=20)
    assert (again.default_domain, again.tags) == (made.default_domain, {"a": "b"})
    seeded = apps.managed_environments.begin_update(GROUP, "cae-fas-japaneast", {"tags": {"a": "b"}})
    assert seeded.result(timeout=20).default_domain == DOMAIN_EAST
