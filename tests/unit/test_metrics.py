"""The metrics of a Limen and a Verifier, as Prometheus reads them."""

from __future__ import annotations

import re

import pytest
from prometheus_client import REGISTRY, CollectorRegistry
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_families
from prometheus_client.parser import text_string_to_metric_families

from limen import Limen, Verifier, metrics
from limen.audit import EVENTS, RESULTS
from limen.errors import Denied, LimenError, Throttled
from limen.testing import TurnableClock
from support.codes import PAGE, explained
from support.prometheus import promtool
from support.world import EMAIL, PASSWORD, STRATEGIES, account_with, world

pytestmark = pytest.mark.anyio
OPEN = "application/openmetrics-text; version=1.0.0"


def value(auth: Limen | Verifier, name: str, **labels: str) -> float | None:
    return metrics.registry(metrics.Collector(auth)).get_sample_value(name, labels)


def text(auth: Limen, accept: str = "") -> str:
    return metrics.exposition(metrics.registry(metrics.Collector(auth)), accept)[0].decode()


async def busy(auth: Limen, clock: TurnableClock) -> list[str]:
    """Everything that can be counted happens; what must never be in a label."""
    await account_with(auth)
    signed_in = await auth.sign_in(EMAIL, PASSWORD, source="203.0.113.9", user_agent="Secret/1.0")
    grant = signed_in.grant
    for _ in range(3):
        who = await auth.authenticate(grant.credential)
    for wrong in ("not.a.token", "garbage", grant.credential[:-4]):
        with pytest.raises(LimenError):
            await auth.authenticate(wrong)
    for _ in range(8):
        with pytest.raises((Denied, Throttled)):
            await auth.sign_in("eve@example.org", "some other password", source="203.0.113.66")
    await auth.sign_out(who, source="203.0.113.9")
    await auth.catch_up()
    tokens = [grant.credential, grant.refresh or grant.credential, signed_in.device]
    return [*tokens, who.account, who.session, EMAIL, "eve@", "203.0.113", "Secret"]


@pytest.mark.parametrize("strategy", STRATEGIES)
async def test_checks_are_counted_whether_memory_answered_or_not(strategy: str) -> None:
    async with world(strategy=strategy) as (auth, clock):
        await busy(auth, clock)
        assert value(auth, "limen_checks_total", strategy=strategy, outcome="accepted") == 3
        assert value(auth, "limen_cache_hits_total", strategy=strategy) == 2
        assert value(auth, "limen_cache_misses_total") == 4
        denied = metrics.registry(metrics.Collector(auth)).collect()
        found = [s.value for m in denied for s in m.samples if s.name == "limen_check_denials_total"]
        assert sum(found) == 3


async def test_what_happens_is_counted_where_it_happens() -> None:
    async with world() as (auth, clock):
        await busy(auth, clock)
        assert value(auth, "limen_sessions_opened_total", strategy="hybrid") == 1
        assert value(auth, "limen_events_total", event="sign_in", result="ok") == 1
        assert value(auth, "limen_throttle_refusals_total", event="sign_in") == 3
        assert value(auth, "limen_revocations_total", kind="session") == 1
        assert value(auth, "limen_feed_lag_seconds_count") == 1
        assert value(auth, "limen_feed_fresh") == 1
        assert value(auth, "limen_hashing_duration_seconds_count") == 7
        assert value(auth, "limen_store_operations_total", operation="open_session", outcome="ok") == 1
        assert value(auth, "limen_key_age_seconds", state="active") == 0
        clock.turn(100)
        assert value(auth, "limen_key_age_seconds", state="active") == 100
        assert value(auth, "limen_feed_fresh") == 0
        assert value(auth, "limen_feed_age_seconds") == pytest.approx(100, abs=1)


async def test_a_replayed_credential_is_counted() -> None:
    async with world() as (auth, clock):
        await account_with(auth)
        spent = (await auth.sign_in(EMAIL, PASSWORD)).grant.refresh
        assert spent is not None
        await auth.refresh(spent)
        clock.turn(60)
        with pytest.raises(Denied):
            await auth.refresh(spent)
        assert value(auth, "limen_sessions_replayed_total") == 1


@pytest.mark.parametrize("accept", ["", OPEN])
async def test_W18_no_label_or_exemplar_holds_what_a_client_sent(accept: str) -> None:
    async with world() as (auth, clock):
        secret = await busy(auth, clock)
        shown = text(auth, accept)
    assert [word for word in secret if word in shown] == []
    assert not re.search(r"[0-9a-f]{8}-[0-9a-f]{4}-7", shown)


async def test_labels_are_words_of_closed_lists() -> None:
    codes = set(explained(PAGE.read_text()))
    async with world() as (auth, clock):
        await busy(auth, clock)
        seen: dict[str, set[str]] = {}
        for family in metrics.Collector(auth).collect():
            for sample in family.samples:
                for label, word in sample.labels.items():
                    seen.setdefault(label, set()).add(word)
    assert seen["code"] <= codes
    assert seen["event"] <= EVENTS.keys()
    assert seen["result"] <= RESULTS.keys()
    assert seen["strategy"] <= {*STRATEGIES, "none"}
    assert seen["operation"] <= {name for name in dir(auth.store) if not name.startswith("_")}


async def test_both_forms_are_read_by_their_parsers() -> None:
    async with world() as (auth, clock):
        await busy(auth, clock)
        plain = {f.name for f in text_string_to_metric_families(text(auth))}
        opened = {f.name for f in open_families(text(auth, OPEN))}
    assert text(auth, OPEN).endswith("# EOF\n")
    assert {one.name for one in metrics.METRICS} <= plain & opened


async def test_the_names_pass_promtool() -> None:
    async with world() as (auth, clock):
        await busy(auth, clock)
        shown = text(auth)
    checked = promtool("check", "metrics", given=shown)
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")


async def test_an_application_registers_it_in_a_registry_of_its_own() -> None:
    async with world() as (auth, _):
        own = CollectorRegistry()
        own.register(metrics.Collector(auth))
        assert own.get_sample_value("limen_feed_fresh") == 1
        collector = metrics.Collector(lambda: auth)
        REGISTRY.register(collector)  # asks for the names alone
        REGISTRY.unregister(collector)


async def test_a_verifier_says_what_it_knows() -> None:
    verifier = Verifier("https://issuer.example", client_id="api", client_secret="x" * 32)
    with pytest.raises(Denied):
        await verifier.authenticate("nothing")
    assert value(verifier, "limen_checks_total", strategy="none", outcome="denied") == 1
    assert value(verifier, "limen_feed_fresh") == 0
    assert value(verifier, "limen_hashing_running") is None


async def test_mail_that_another_process_delivered_fails_here_no_longer() -> None:
    async with world(mail="console:") as (auth, clock):
        auth.counts.oldest = clock.now()
        clock.turn(1_000)
        assert value(auth, "limen_mail_failing_seconds") == 1_000
        await auth.maintain()  # there is nothing in the outbox that could wait
        assert value(auth, "limen_mail_failing_seconds") == 0
