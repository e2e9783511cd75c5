"""Compose and Kubernetes: valid, bare of privileges, and nothing in them that leads nowhere."""

from __future__ import annotations

import ipaddress
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from support.deploy import DEPLOY, compose, manifest, manifests

VALIDATE = Path(sys.executable).parent / "kubernetes-validate"
PODS = ("Deployment", "Job")


def pod(kind: str) -> dict[str, Any]:
    found: dict[str, Any] = manifest(kind)["spec"]["template"]["spec"]
    return found


def test_kubernetes_takes_them() -> None:
    paths = [path for path in (DEPLOY / "kubernetes").glob("*.yaml") if path.name != "kustomization.yaml"]
    done = subprocess.run([VALIDATE, "--strict", *paths], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (done.stdout + done.stderr).count("passed") == len(paths)


def test_kustomization_names_every_file_but_the_example() -> None:
    named = manifest("Kustomization")["resources"]
    there = {path.name for path in (DEPLOY / "kubernetes").glob("*.yaml")}
    assert there - set(named) == {"kustomization.yaml", "secret.example.yaml"}
    assert {
        one["metadata"]["namespace"] for one in manifests() if "namespace" in one.get("metadata", {})
    } == {"limen"}


@pytest.mark.parametrize("kind", PODS)
def test_a_pod_may_do_nothing_that_it_need_not(kind: str) -> None:
    spec = pod(kind)
    (container,) = spec["containers"]
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["runAsUser"] == 10001
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert spec["automountServiceAccountToken"] is False
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container["resources"]["limits"]["memory"]
    assert not container["image"].endswith((":latest", "limen"))


@pytest.mark.parametrize("kind", PODS)
def test_the_secret_is_a_file_that_its_group_alone_reads(kind: str) -> None:
    spec = pod(kind)
    (volume,) = (one["secret"] for one in spec["volumes"] if "secret" in one)
    assert volume["defaultMode"] & 0o037 == 0
    assert spec["securityContext"]["fsGroup"] == 10001
    keys = manifest("Secret")["stringData"].keys()
    (mount,) = (one for one in spec["containers"][0]["volumeMounts"] if one["name"] == "secret")
    said = manifest("ConfigMap")["data"]
    assert {said["LIMEN_SECRET_FILE"], said["LIMEN_CONFIG"]} == {
        f"{mount['mountPath']}/{key}" for key in keys
    }


def test_names_lead_somewhere() -> None:
    labels = manifest("Deployment")["spec"]["template"]["metadata"]["labels"]
    job = manifest("Job")["spec"]["template"]["metadata"]["labels"]
    for kind in ("Service", "PodDisruptionBudget", "Deployment"):
        selector = manifest(kind)["spec"]["selector"]
        wanted = selector.get("matchLabels", selector)
        assert wanted.items() <= labels.items(), kind
        assert not wanted.items() <= job.items(), f"{kind} would take the Job for a server"
    policy = manifest("NetworkPolicy")["spec"]
    assert policy["podSelector"]["matchLabels"].items() <= labels.items() & job.items()
    (container,) = pod("Deployment")["containers"]
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert manifest("Service")["spec"]["ports"][0]["targetPort"] in ports
    assert {port["port"] for rule in policy["ingress"] for port in rule["ports"]} == ports.keys()
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        assert container[probe]["httpGet"]["port"] == "metrics"
    assert str(ports["http"]) == container["args"][-1]
    assert manifest("ConfigMap")["data"]["LIMEN_METRICS_ADDRESS"].endswith(f":{ports['metrics']}")


def test_a_server_has_time_to_drain_and_others_stay() -> None:
    spec = manifest("Deployment")["spec"]
    delay = int(manifest("ConfigMap")["data"]["LIMEN_DRAIN_DELAY"].removesuffix("s"))
    assert spec["template"]["spec"]["terminationGracePeriodSeconds"] >= delay + 8 + 5
    assert manifest("PodDisruptionBudget")["spec"]["minAvailable"] < spec["replicas"]
    assert spec["strategy"]["rollingUpdate"]["maxUnavailable"] == 0


def test_of_compose_names_and_files_lead_somewhere() -> None:
    found = compose()
    services, folder = found["services"], DEPLOY / "compose"
    for name, service in services.items():
        assert set(service.get("depends_on", {})) <= services.keys(), name
        assert set(service.get("networks", [])) <= found["networks"].keys(), name
        assert set(service.get("secrets", [])) <= found["secrets"].keys(), name
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert source in found["volumes"] or (folder / source).is_file(), volume
        if "build" in service:
            assert (folder / service["build"]["context"] / service["build"]["dockerfile"]).is_file()
    used = {one for service in services.values() for one in service.get("secrets", [])}
    assert used == found["secrets"].keys()
    for one in found["secrets"].values():
        assert one["file"].startswith("./secrets/")
    assert "secrets/" in (folder / ".gitignore").read_text().split()


def test_of_compose_a_service_has_no_more_than_it_needs_and_only_the_proxy_is_reached() -> None:
    for name, service in compose()["services"].items():
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service.get("read_only") is True or name == "postgres", name
        assert ("ports" in service) == (name == "proxy"), name
        assert not any(
            "PASSWORD" in key and not key.endswith("_FILE") for key in service.get("environment", {})
        )
        assert ":" in service["image"] or service["image"] == "limen"
        assert not service["image"].endswith(":latest")
    open_ = {name for name, one in compose()["networks"].items() if not (one or {}).get("internal")}
    out = {name for name, one in compose()["services"].items() if open_ & set(one["networks"])}
    assert out == {"proxy"}, "docs/deploying.md: no other has a way out"


def test_of_compose_the_proxy_alone_is_believed() -> None:
    found = compose()
    address = found["services"]["proxy"]["networks"]["front"]["ipv4_address"]
    assert found["services"]["limen"]["environment"]["LIMEN_TRUSTED_PROXIES"] == address
    subnet = found["networks"]["front"]["ipam"]["config"][0]["subnet"]
    assert ipaddress.ip_address(address) in ipaddress.ip_network(subnet)
