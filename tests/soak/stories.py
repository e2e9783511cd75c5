"""What became of each session: who opened it, who used it, and who ended it, for sure or perhaps."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from soak.history import Kind, Operation, Outcome
from soak.moments import Moments

OF_ACCOUNT = (Kind.SIGN_OUT_OTHERS, Kind.SIGN_OUT_EVERYWHERE, Kind.CHANGE_PASSWORD, Kind.END_ALL)
OF_SESSION = (Kind.SIGN_OUT, Kind.END)


@dataclass(slots=True)
class Story:
    """One session that was opened and whose id is known."""

    opening: Operation
    uses: list[Operation] = field(default_factory=list)
    """Calls and refreshes with its credentials."""
    endings: list[Operation] = field(default_factory=list)
    """What was meant to end it, or all sessions of its account, in the order of their begin."""

    @property
    def refreshes(self) -> list[Operation]:
        return [o for o in self.uses if o.kind is Kind.REFRESH]

    def accepted(self) -> Iterator[Operation]:
        return (o for o in self.uses if o.outcome is Outcome.OK)

    def refused(self, codes: frozenset[str]) -> Iterator[Operation]:
        return (o for o in self.uses if o.outcome is Outcome.DENIED and o.code in codes)

    def is_in_doubt(self) -> bool:
        """Whether the newest credential was spent and no answer came: its owner has none to go on with."""
        newest = max((o.generation for o in self.refreshes), default=-1)
        outcomes = {o.outcome for o in self.refreshes if o.generation == newest}
        return bool(outcomes & {Outcome.UNKNOWN, Outcome.BROKEN}) and Outcome.OK not in outcomes

    def sure_end(self, moments: Moments) -> Operation | None:
        """The first acknowledgement, if any, that it has ended."""
        sure = [o for o in self.endings if moments.is_sure(o) and self._is_surely_covered(o)]
        # Of a session that was lost no store knows that it is one of the others, nor that it was replayed.
        may_be_lost = moments.lost_by(self.opening) or moments.ended_with_all(self.opening) is not None
        ended = [o for o in sure if not (may_be_lost and o.kind is Kind.SIGN_OUT_OTHERS)]
        ended += [o for o in self.refreshes if not may_be_lost and self._is_sure_replay(o, moments)]
        return min(ended, key=lambda o: o.end, default=None)

    def possible_end(self, moments: Moments) -> float | None:
        """The first moment, if any, at which it can have ended, by whatever happened or may have happened."""
        begins = [o.begin for o in self.endings if self._may_be_covered(o, moments)]
        begins += [o.begin for o in self.refreshes if self._may_be_replay(o, moments)]
        begins += [f.begin for o in (self.opening, *self.refreshes) if (f := moments.lost_by(o)) is not None]
        with_all = moments.ended_with_all(self.opening)
        return min(begins if with_all is None else [*begins, with_all], default=None)

    def _is_surely_covered(self, o: Operation) -> bool:
        """Of all sessions of an account: those that were open before."""
        return o.kind in OF_SESSION or self.opening.end <= o.begin

    def _may_be_covered(self, o: Operation, moments: Moments) -> bool:
        if o.outcome is Outcome.DENIED:
            return False
        return o.kind in OF_SESSION or self.opening.begin <= moments.latest(o)

    def _is_sure_replay(self, spent: Operation, moments: Moments) -> bool:
        """Refused where a later credential had been given before: the session ends, if it had not already."""
        if spent.outcome is not Outcome.DENIED or spent.code != "refresh_denied":
            return False
        for o in self.refreshes:
            if moments.is_sure(o) and o.end <= spent.begin:
                if o.generation > spent.generation:
                    return True
                if o.generation == spent.generation and moments.is_surely_apart(o, spent):
                    return True
        return False

    def _may_be_replay(self, spent: Operation, moments: Moments) -> bool:
        """Whether it can have come after its successor was spent, or after the grace."""
        for o in self.refreshes:
            if o is spent:
                continue
            if o.generation > spent.generation and o.begin < moments.latest(spent):
                return True
            same = o.generation == spent.generation and o.outcome is not Outcome.DENIED
            if same and moments.is_apart(o, spent):
                return True
        return False


def stories(operations: Iterable[Operation]) -> list[Story]:
    """The story of each session."""
    told: dict[str, Story] = {}
    of_account: dict[str, list[Story]] = defaultdict(list)
    ordered = sorted(operations, key=lambda o: o.begin)
    for o in ordered:
        if o.kind in (Kind.SIGN_IN, Kind.CHANGE_PASSWORD) and o.outcome is Outcome.OK:
            told[o.session] = story = Story(o)
            of_account[o.account].append(story)
    for o in ordered:
        if o.kind in (Kind.CALL, Kind.REFRESH):
            told[o.session].uses.append(o)
        elif o.kind in OF_SESSION and o.session in told:
            told[o.session].endings.append(o)
        elif o.kind in OF_ACCOUNT:
            for story in of_account[o.account]:
                if story.opening is not o and not (
                    o.kind is Kind.SIGN_OUT_OTHERS and o.session == story.opening.session
                ):
                    story.endings.append(o)
    return list(told.values())
