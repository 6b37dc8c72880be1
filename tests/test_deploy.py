"""What is deployed is what the code serves: probes lead somewhere, settings exist, selectors find their pods."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from service.app import create_app
from service.settings import Settings

ROOT = Path(__file__).parents[1]
KINDS = {
    "Service": "v1",
    "Deployment": "apps/v1",
    "StatefulSet": "apps/v1",
    "PodDisruptionBudget": "policy/v1",
    "PersistentVolumeClaim": "v1",
}


def manifests() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for path in sorted((ROOT / "deploy" / "kubernetes").glob("*.yaml")):
        found += yaml.safe_load_all(path.read_text())
    return found


def of_kind(*kinds: str) -> list[dict[str, Any]]:
    return [one for one in manifests() if one["kind"] in kinds]


def containers() -> list[dict[str, Any]]:
    found = [one["spec"]["template"]["spec"]["containers"] for one in of_kind("Deployment", "StatefulSet")]
    return [container for some in found for container in some]


def test_every_object_is_of_a_version_that_kubernetes_has() -> None:
    assert len(manifests()) == 6
    for one in manifests():
        assert one["apiVersion"] == KINDS[one["kind"]] and re.fullmatch(r"[a-z][a-z0-9-]*", one["metadata"]["name"])


def test_selectors_find_the_pods() -> None:
    """A budget or a service that selects nothing does nothing, without a word."""
    pods = [one["spec"]["template"] for one in of_kind("Deployment", "StatefulSet")]
    labels = [pod["metadata"]["labels"] for pod in pods]
    for one in of_kind("Deployment", "StatefulSet", "PodDisruptionBudget"):
        assert one["spec"]["selector"]["matchLabels"] in labels, one["metadata"]
    for one in of_kind("Service"):
        assert one["spec"]["selector"] in labels
        pod = pods[labels.index(one["spec"]["selector"])]
        ports = {port["name"] for container in pod["spec"]["containers"] for port in container["ports"]}
        assert {port["targetPort"] for port in one["spec"]["ports"]} <= ports


def test_an_update_and_a_drained_node_leave_a_replica() -> None:
    (deployment,) = of_kind("Deployment")
    (budget,) = of_kind("PodDisruptionBudget")
    assert deployment["spec"]["replicas"] > budget["spec"]["minAvailable"] >= 1
    assert deployment["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0


@pytest.mark.parametrize("container", containers(), ids=lambda container: container["name"])
def test_every_container_has_probes_and_resources(container: dict[str, Any]) -> None:
    assert {"readinessProbe", "livenessProbe", "resources"} <= container.keys()
    assert container["resources"]["limits"]["memory"] and container["resources"]["requests"]["cpu"]
    assert {mount["mountPath"] for mount in container["volumeMounts"]}


def test_probes_and_settings_are_those_of_the_service(tmp_path: Path) -> None:
    """By a path that is not there no replica would ever be ready; a setting that is misspelt is ignored."""
    (service,) = (one for one in containers() if one["name"] == "statecast")
    paths = create_app(Settings(artifacts=tmp_path, state_url="memory://")).openapi()["paths"]
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert service[probe]["httpGet"]["path"] in paths
    settings = {one["name"].removeprefix("STATECAST_").lower(): one["value"] for one in service["env"]}
    assert settings.keys() <= Settings.model_fields.keys()
    (deployment,) = of_kind("Deployment")
    pause = int(service["lifecycle"]["preStop"]["exec"]["command"][-1])
    grace = deployment["spec"]["template"]["spec"]["terminationGracePeriodSeconds"]
    assert grace > pause + float(settings["drain_s"])


def test_every_redis_loses_nothing() -> None:
    """Without one of these what was answered may be gone."""
    (kept,) = (one for one in containers() if one["name"] == "redis")
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]["redis"]["command"]
    for arguments in (kept["args"], compose):
        options = dict(zip(arguments[1::2], arguments[2::2], strict=True))
        assert options == {"--appendonly": "yes", "--appendfsync": "always", "--maxmemory-policy": "noeviction"}


def test_the_gateway_knows_every_replica() -> None:
    """One that stands in no list gets no request."""
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    replicas = {name for name in services if name.startswith("replica-")}
    listed = re.findall(r"^ +server ([\w-]+):8000", (ROOT / "deploy" / "nginx.conf").read_text(), re.M)
    assert set(listed) == replicas == set(services["gateway"]["depends_on"])
    for name in replicas:
        assert services[name]["ports"] == [] and services[name]["profiles"] == ["replicas"]
        assert "STATECAST_STATE_URL=redis://redis:6379/0" in services[name]["environment"]


def test_replicas_share_the_files_of_jobs() -> None:
    """With folders of their own each could answer for the jobs alone that it took."""
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    for name in ("replica-1", "replica-2"):
        assert "jobs:/srv/statecast/state" in compose["services"][name]["volumes"] and "jobs" in compose["volumes"]
    (claim,) = of_kind("PersistentVolumeClaim")
    (deployment,) = of_kind("Deployment")
    assert claim["spec"]["accessModes"] == ["ReadWriteMany"]
    pod = deployment["spec"]["template"]["spec"]
    (volume,) = (one["name"] for one in pod["volumes"] if "persistentVolumeClaim" in one)
    (service,) = (one for one in pod["containers"] if one["name"] == "statecast")
    (place,) = (one["mountPath"] for one in service["volumeMounts"] if one["name"] == volume)
    (folder,) = (one["value"] for one in service["env"] if one["name"] == "STATECAST_JOBS_FOLDER")
    assert Path(folder).is_relative_to(place)


def test_what_sagemaker_starts_listens_where_it_calls(tmp_path: Path) -> None:
    """It calls port 8080 and nothing else; a container that listens elsewhere is killed after some minutes."""
    python = tmp_path / "python"
    python.write_text('#!/bin/sh\necho "$STATECAST_PORT $*"\n')
    python.chmod(0o755)

    def started(**settings: str) -> str:
        environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", **settings}
        done = subprocess.run(
            [ROOT / "deploy/sagemaker/serve"], env=environment, capture_output=True, text=True, check=True
        )
        return done.stdout

    assert started() == started(STATECAST_PORT="8000") == "8080 -m service\n"
    assert started(STATECAST_PORT="9000") == started(SAGEMAKER_BIND_TO_PORT="9000") == "9000 -m service\n"


def test_images_can_copy_what_they_name() -> None:
    """A folder that the build does not send ends it after minutes, on the machine of whoever builds."""
    sent = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    for line in (ROOT / "Dockerfile").read_text().splitlines():
        words = [word for word in line.split() if not word.startswith("--chown")]
        if words[:1] == ["COPY"] and not words[1].startswith("--from"):
            for source in words[1:-1]:
                assert any(source == one or source.startswith(f"{one}/") for one in sent), f"{line}: .dockerignore"
