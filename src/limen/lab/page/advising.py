"""Advice as one page: what to take, why in numbers, what to paste, and what would change it."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from limen.lab.advice import Advice, Needs, Option
from limen.lab.catalogue import number
from limen.lab.estimates import ROWS
from limen.lab.page.document import document, header, plain_table, term_list
from limen.lab.page.planning import by_rate, numbers
from limen.lab.page.tables import section
from limen.lab.records import Run
from limen.lab.workload import Costs, Prices, Workload


def advice_page(
    advice: Advice, run: Run, costs: Sequence[Costs], work: Workload, needs: Needs, prices: Prices
) -> str:
    """The whole document."""
    words = (
        f"For {number(work.rate)} requests a second of {work.active:,} people, with the costs that "
        f"run {run.id} "
        f"measured on {run.machine.cores} cores of {run.machine.processor}."
    )
    change = "".join(f"<li>{escape(said)}</li>" for said in advice.would_change)
    estimates = [option.estimate for option in advice.options]
    rows = [[name, *(text(estimate) for estimate in estimates)] for name, text in ROWS]
    body = (
        header(f"Limen lab · advice by run {run.id}", advice.headline, words)
        + section("In limen.toml", "Ready to paste.", f"<pre><code>{escape(pasted(advice))}</code></pre>")
        + section(
            "The ranking, and why",
            "What a need rules out is out, however cheap it is. Of what is left the simplest to live with "
            "comes first, unless another saves much.",
            "".join(_option(place, option) for place, option in enumerate(advice.options, 1)),
        )
        + section("What would change this", "Other answers lead elsewhere.", f"<ul>{change}</ul>")
        + by_rate(run, costs, work, prices)
        + section(
            "Every number", "As <code>limen lab plan</code> has them.",
            plain_table(f"Plan by run {run.id}", ["", *(e.name for e in estimates)], rows),
        )
        + f"<h2>What was asked for</h2>{term_list(_asked(needs, work))}"
    )  # fmt: skip
    return document(f"Limen lab, advice by run {run.id}", body)


def pasted(advice: Advice) -> str:
    """The settings as limen.toml takes them."""
    return "\n".join(f"{name} = {toml(value)}" for name, value in advice.settings.items())


def toml(value: object) -> str:
    """A value of TOML."""
    if isinstance(value, list):
        return f"[{', '.join(toml(one) for one in value)}]"
    return f'"{value}"' if isinstance(value, str) else f"{value}"


def _option(place: int, option: Option) -> str:
    """What fits is open; what does not is folded, with the reason seen."""
    items = "".join(f"<li>{escape(reason)}</li>" for reason in option.reasons)
    against = "".join(f"<p><strong>No:</strong> {escape(reason)}.</p>" for reason in option.against)
    fits = "" if option.fits else ": does not fit"
    return (
        f"<article><h3>{place}. {escape(option.estimate.name)}{fits}</h3>{against}<ul>{items}</ul></article>"
    )


def _asked(needs: Needs, work: Workload) -> list[tuple[str, str]]:
    return [
        (
            what,
            escape(", ".join(f"{name.replace('_', ' ')} {value:g}" for name, value in numbers(of).items())),
        )
        for what, of in (("needs", needs), ("workload", work))
    ]
