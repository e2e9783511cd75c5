"""The alert rules and the dashboard that we ship: they name what is there, and Prometheus takes them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from limen.metrics import METRICS
from limen.server.exposition import FOLLOWERS
from support.prometheus import Scraping, promtool
from support.servers import free_port
from support.serving import Serving
from support.source import ROOT

RULES = ROOT / "deploy" / "prometheus"
DASHBOARD = ROOT / "deploy" / "grafana" / "limen.json"
PAGE = ROOT / "docs" / "operating.md"
EXPORTED = (*METRICS, *FOLLOWERS)
OTHERS = {"up", "process_cpu_seconds_total", "process_resident_memory_bytes", "process_open_fds",
          "process_start_time_seconds"}  # fmt: skip


def known() -> set[str]:
    """Every name that a query may have."""
    ends = {"histogram": ("_bucket", "_sum", "_count")}
    return OTHERS | {one.written + end for one in EXPORTED for end in ends.get(one.kind, ("",))}


def named(expression: str) -> set[str]:
    return set(re.findall(r"\b(?:limen|process)_[a-z_]+\b(?!=)", expression)) | (
        {"up"} if re.search(r"\bup\{", expression) else set()
    )


def rules() -> list[dict[str, str]]:
    groups = yaml.safe_load((RULES / "limen.rules.yml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(DASHBOARD.read_text())["panels"]
    return found


def expressions() -> Iterator[str]:
    for panel in panels():
        for target in panel.get("targets", []):
            yield target["expr"]


# -- what is named is there -----------------------------------------------------------------------------


def test_rules_and_dashboard_name_only_metrics_that_are_exported() -> None:
    used = {name for rule in rules() for name in named(rule["expr"])}
    used |= {name for expression in expressions() for name in named(expression)}
    assert used - known() == set()


def test_every_metric_is_shown_on_the_dashboard() -> None:
    shown = {name for expression in expressions() for name in named(expression)}
    shown |= {re.sub(r"_(bucket|sum|count)$", "", name) for name in shown}
    assert {one.written for one in EXPORTED} - shown == set()


def test_every_metric_stands_in_the_table_as_it_is_and_no_other() -> None:
    rows = re.findall(r"^\| `limen_.*$", PAGE.read_text(), re.MULTILINE)
    assert rows == [
        f"| `{one.written}` | {one.kind} | {', '.join(f'`{x}`' for x in one.labels) or '–'} | {one.means} |"
        for one in EXPORTED
    ]


def test_every_alert_says_how_grave_it_is_and_has_a_section_that_says_what_to_do() -> None:
    headings = re.findall(r"^### (\w+)$", PAGE.read_text(), re.MULTILINE)
    assert headings == [rule["alert"] for rule in rules()]
    for rule in rules():
        assert rule["labels"]["severity"] in ("page", "ticket")  # type: ignore[index]
        assert rule["annotations"]["runbook"] == f"docs/operating.md#{rule['alert'].lower()}"  # type: ignore[index]


def test_every_alert_is_tested_and_quiet_while_all_is_well() -> None:
    told = yaml.safe_load((RULES / "limen.rules.test.yml").read_text())["tests"]
    alerts = {rule["alert"] for rule in rules()}
    assert {one["alertname"] for one in told[0]["alert_rule_test"]} == alerts
    assert {one["alert_rule_test"][0]["alertname"] for one in told[1:]} == alerts
    used = {name for one in told for each in one["input_series"] for name in named(each["series"])}
    assert used - known() == set()


def test_panels_have_ids_of_their_own_and_do_not_overlap() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in panels():
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken, panel["title"]
        assert max(x for x, _ in cells) < 24
        taken |= cells
    assert len({panel["id"] for panel in panels()}) == len(panels())


# -- Prometheus takes it --------------------------------------------------------------------------------


def test_promtool_takes_the_rules_and_sees_each_alert_fire() -> None:
    for arguments in (
        ("check", "rules", "limen.rules.yml"),
        ("check", "config", "prometheus.yml"),
        ("test", "rules", "limen.rules.test.yml"),
    ):
        checked = promtool(*arguments, folder=RULES)
        assert checked.returncode == 0, checked.stdout + checked.stderr


def test_promtool_reads_every_expression_of_the_dashboard(tmp_path: Path) -> None:
    said = [
        {"record": f"panel:{n}", "expr": expression.replace("$__rate_interval", "1m")}
        for n, expression in enumerate(expressions())
    ]
    (tmp_path / "panels.yml").write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": said}]}))
    checked = promtool("check", "rules", "panels.yml", folder=tmp_path)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_a_real_prometheus_scrapes_a_real_server(tmp_path: Path) -> None:
    target = f"127.0.0.1:{free_port()}"
    served, scraped = tmp_path / "served", tmp_path / "scraped"
    served.mkdir()
    scraped.mkdir()
    with (
        Serving(served, "--port", "0", LIMEN_METRICS_ADDRESS=target, LIMEN_CANARY="10s"),
        Scraping(scraped, RULES, target) as prometheus,
    ):
        assert prometheus.ask("up == 1")[0]["metric"]["job"] == "limen"
        assert prometheus.ask("limen_feed_fresh")[0]["value"][1] == "1"
        for text in ("limen_store_operation_duration_seconds_bucket", "process_open_fds", "limen_build_info"):
            assert prometheus.ask(text)
        assert {rule["health"] for rule in prometheus.rules()} <= {"ok", "unknown"}
        assert {rule["name"] for rule in prometheus.rules()} == {rule["alert"] for rule in rules()}


@pytest.mark.parametrize("broken", ["limen_nothing_total", "limen_feed_lag_seconds"])
def test_a_name_that_is_not_exported_is_seen(broken: str) -> None:
    assert named(f"rate({broken}[5m])") - known() != set()
