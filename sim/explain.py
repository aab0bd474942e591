"""Why a line stood as it did on a day: forecast, episode, criterion, level, rule row, load, kilograms, with citations."""

import difflib
from dataclasses import dataclass
from datetime import date

import numpy as np

from sim import wording
from sim.clock import Calendar
from sim.errors import Findings
from sim.experiment import Run, heeded
from sim.grading import OWN_PLAN
from sim.industries import industries, processes
from sim.labels import quantity, text
from sim.orders import spells
from sim.phases import Phase
from sim.reading import World
from sim.response import Ramps, level_weights
from sim.vocab import ASKING_LEVELS, Control, Grade, Kind, Level, Pollutant


@dataclass(frozen=True)
class Step:
    """One link of the chain: a heading and what it says, a line each."""

    heading: str
    says: tuple[str, ...]


@dataclass(frozen=True)
class Explanation:
    """The chain from a forecast to kilograms. load : float64[24], mean load of each hour of the day."""

    title: str
    steps: tuple[Step, ...]
    load: np.ndarray


def find_line(world: World, line_id: str, city: str | None = None) -> int:
    """Position of a line in the lists. Raises InputError when no line, or several cities' lines, have the id."""
    findings, people = Findings(), world.population
    if city is not None and city not in world.cities:
        findings.add("line.city", key="--city", value=city, hint=", ".join(world.cities))
        findings.raise_errors()
    ids = people.line_id if people else np.zeros(0, object)
    found = [int(i) for i in np.flatnonzero(ids == line_id) if people and city in (None, people.cities[people.city[i]])]
    if len(found) > 1 and people:
        findings.add("line.ambiguous", key="--line", value=line_id,
                     hint=", ".join(people.cities[people.city[i]] for i in found))
    if not found:
        near = difflib.get_close_matches(line_id, list(ids), n=3, cutoff=0.3) or list(ids[:3])
        findings.add("list.line", key="--line", value=line_id, hint=", ".join(near))
    findings.raise_errors()
    return found[0]


def explain(run: Run, line: int, when: date, lang: str = "en", member: int = 0) -> Explanation:
    """The chain for one line (its position in the lists) on one day. Raises InputError for a day outside the period."""
    world, calendar = run.world, run.world.calendar
    assert world.population and run.accounts
    people, day = world.population, calendar.day_of(when)
    if not 0 <= day < calendar.days:
        findings = Findings()
        findings.add("explain.day", key="--day", value=when.isoformat(), start=calendar.start.isoformat(),
                     end=calendar.end.isoformat())
        findings.raise_errors()
    series = member * len(world.cities) + int(people.city[line])
    phase = _phase(run, day)
    steps = [_line(run, phase, line, lang), _day(run, line, day, member, lang)]
    if phase.season_row is not None and phase.season_row[line] >= 0:
        steps.append(_season(phase, line, lang))
    cls = int(run.classes.start_class[line]) if run.classes else 0
    load, weights = _load(run, phase, line, member, day)
    for at in _decisions_behind(run, series, cls, day, coming_back=bool(weights.any())):
        steps += _decision(run, at, series, lang)
    steps.append(_levels(run, line, series, day, lang, coming_back=bool(weights.any())))
    for at in np.flatnonzero(weights[1:] > 0):
        steps += _asked(phase, line, int(at), lang)
    steps += [_hours(load, lang), _kilograms(phase, line, weights, lang)]
    title = text("explain.title", lang, line=people.line_id[line], day=when.isoformat())
    return Explanation(title, tuple(steps), load)


def _phase(run: Run, day: int) -> Phase:
    return next(phase for phase in run.world.phases if day < phase.last)


def _season(phase: Phase, line: int, lang: str) -> Step:
    """What staggered production takes from the line on the day, and where that is written."""
    assert phase.season_row is not None and phase.staggered is not None
    row = phase.season_rows[phase.season_row[line]]
    return Step(text("explain.season", lang), (
        text("explain.season.text", lang, share=wording.percent(float(phase.staggered[line])),
             first=f"{row.first[0]:02d}-{row.first[1]:02d}", last=f"{row.last[0]:02d}-{row.last[1]:02d}"),
        text("explain.basis", lang, clause=wording.cited(row.cite, lang), basis=text(f"basis.{row.basis}", lang))))


def _line(run: Run, phase: Phase, line: int, lang: str) -> Step:
    people = phase.people
    key = people.processes[people.process[line]]
    known = processes().get((people.industries[people.industry[line]], key))
    process = known.name[lang] if known else key
    return Step(text("explain.line", lang), (text(
        "explain.line.text", lang, enterprise=people.enterprise_name[line],
        county=people.counties[people.county[line]] or run.world.names[people.cities[people.city[line]]][lang],
        industry=industries()[people.industries[people.industry[line]]].name[lang],
        process=f" ({process})" if process else "",
        grade=text(f"grade.{list(Grade)[people.grade[line]]}", lang),
        control=text(f"control.{list(Control)[people.control[line]]}", lang),
        output=quantity(f"{people.output[line]:,.4g}", people.output_unit[line], lang), product=people.product[line]),))


def _day(run: Run, line: int, day: int, member: int, lang: str) -> Step:
    people = run.world.population
    assert people
    index = run.world.day_index(people.cities[people.city[line]], member)
    return Step(text("explain.day", lang), (text(
        "explain.day.text", lang, aqi=f"{index.aqi[day]:.0f}", index=f"{index.trigger[day]:.0f}",
        trigger=text(f"trigger.{run.world.edition.trigger}", lang),
        primary="+".join(text(f"species.{s}", lang) for s in index.primary[day].split("+") if s) or "-"),))


def _decisions_behind(run: Run, series: int, start_class: int, day: int, *, coming_back: bool) -> list[int]:
    """Decisions on the warnings in force on a day, and on the last one before it if the line is coming back from it."""
    line, taken = run.ledger.timeline.of_class(start_class), run.ledger.decisions
    numbers = _numbers_of(run, series, start_class, day)
    before = line.warning[(line.series == series) & (line.warning > 0) & (line.hour < 24 * (day + 1))]
    if not numbers and coming_back and len(before):
        numbers = [int(before[-1])]
    return [at for at in range(len(taken)) if taken.series[at] == series and int(taken.warning[at]) in numbers
            and taken.issued[at] < 24 * (day + 1)]


def _decision(run: Run, at: int, series: int, lang: str) -> list[Step]:
    world, taken = run.world, run.ledger.decisions
    calendar: Calendar = world.calendar
    kind, level = str(taken.kind[at]), Level(int(taken.level[at]))
    reason, clause, basis = wording.reason(world, taken, at, lang)
    steps = []
    if taken.criterion[at] >= 0:
        today = int(taken.issued[at]) // 24
        member, area = divmod(series, len(world.cities))
        how, areas = world.linkage.acts_through(area)
        seen = areas if how == "joint" or not world.linkage.tighten else (area, *areas)  # whose days the decision looked at
        lines = []
        for one in seen or (area,):
            column = member * len(world.cities) + one
            ahead = ", ".join(f"{calendar.date_of(today + lead).isoformat()[5:]} {value:.0f}"
                              for lead, value in enumerate(world.ahead(today, column), start=1) if np.isfinite(value))
            said = text("explain.forecast.text", lang, issued=calendar.stamp(int(taken.issued[at])).replace("T", " "),
                        today=f"{world.observed[today, column]:.0f}", ahead=ahead)
            lines.append(f"{world.names[world.cities[one]][lang]}: {said}" if how else said)
        steps.append(Step(text("explain.forecast", lang), tuple(lines)))
    said_kind = text("explain.decision.text", lang, kind=text(f"kind.{kind}", lang),
                     level=text(f"level.{level.name}", lang), issued=calendar.stamp(int(taken.issued[at])).replace("T", " "),
                     effective=calendar.stamp(float(taken.effective[at])).replace("T", " "))
    return [*steps, Step(text("explain.decision", lang), (
        said_kind, reason, text("explain.basis", lang, clause=clause, basis=text(f"basis.{basis}", lang))))]


def _levels(run: Run, line: int, series: int, day: int, lang: str, *, coming_back: bool) -> Step:
    """Response levels in force for the line on the day; where there is none, why."""
    world, cls = run.world, int(run.classes.start_class[line]) if run.classes else 0
    said, stamp = [], world.calendar.stamp
    own = [spell for spell in spells(run) if spell[0] == series]
    official = [(level, begins) for _, of_class, level, begins, _ in own if of_class == 0]
    for _, of_class, level, begins, ends in own:
        begins_today, ends_today = max(begins, 24 * day), min(ends, 24 * (day + 1))
        if of_class == cls and begins_today < ends_today:
            said.append(f"{text(f'level.{level.name}', lang)} {stamp(begins_today)[11:]}-"
                        f"{stamp(ends_today)[11:].replace('00:00', '24:00')}")
            later = [at for of_level, at in official if of_level == level and begins_today < at]
            if (level, begins) not in official and later and begins_today < later[0]:
                said.append(text("explain.level.early", lang, effective=stamp(later[0]).replace("T", " ")))
    if world.settings.response.escalate and said:
        said.append(text("explain.level.escalated", lang, levels=world.settings.response.escalate))
    if not said:
        said = _why_none(run, series, day, lang, coming_back=coming_back)
    heeds = heeded(world, run.ledger.timeline, series // len(world.cities))
    if heeds is not None:
        said += [text("explain.disobeys", lang, number=number, share=world.settings.compliance.share)
                 for number in _numbers_of(run, series, cls, day) if not heeds[line, number]]
    return Step(text("explain.level", lang), tuple(said))


def _why_none(run: Run, series: int, day: int, lang: str, *, coming_back: bool) -> list[str]:
    """Why no warning asks anything on a day: what is announced, what the index was, what the lowest level wanted."""
    world, taken = run.world, run.ledger.decisions
    said = [text("explain.none.back" if coming_back else "explain.none", lang)]
    cancelled = {int(taken.warning[at]) for at in range(len(taken))
                 if taken.series[at] == series and taken.kind[at] == "cancel" and taken.issued[at] < 24 * (day + 1)}
    for at in range(len(taken)):
        if (taken.series[at] == series and taken.kind[at] == "issue" and int(taken.warning[at]) not in cancelled
                and taken.issued[at] < 24 * (day + 1) <= taken.effective[at]):
            said.append(text("explain.none.announced", lang, level=text(f"level.{Level(int(taken.level[at])).name}", lang),
                             issued=world.calendar.stamp(int(taken.issued[at])).replace("T", " "),
                             effective=world.calendar.stamp(float(taken.effective[at])).replace("T", " ")))
    index, rules = world.observed[:, series], world.rules
    threshold = f"{rules.lowest:g}"
    if index[day] <= rules.lowest:
        return [*said, text("explain.none.below", lang, index=f"{index[day]:.0f}", threshold=threshold)]
    days = [day]
    for step in (-1, 1):  # the days above the threshold around this one, short gaps bridged as the edition has it
        at, gap = day + step, 0
        while 0 <= at < len(index) and gap <= rules.longest_gap_days:
            gap = 0 if index[at] > rules.lowest else gap + 1
            days += [at] if not gap else []
            at += step
    first, last = (world.calendar.date_of(at).isoformat() for at in (min(days), max(days)))
    lowest = min(level for level, *_ in rules.criteria)
    wanted = text("explain.or", lang).join(wording.criterion_text(c, lang) for level, _, c in rules.criteria if level == lowest)
    return [*said, text("explain.none.short", lang, count=len(days), threshold=threshold, first=first, last=last,
                        level=text(f"level.{lowest.name}", lang), wanted=wanted)]


def _numbers_of(run: Run, series: int, start_class: int, day: int) -> list[int]:
    """Warnings in force for a start class on a day."""
    line = run.ledger.timeline.of_class(start_class)
    mine = line.series == series
    begins, warning = line.hour[mine], line.warning[mine]
    ends = np.append(begins[1:], run.ledger.hours)
    return sorted(set(warning[(warning > 0) & (begins < 24 * (day + 1)) & (ends > 24 * day)].tolist()))


def _asked(phase: Phase, line: int, at: int, lang: str) -> list[Step]:
    asked_of, people = phase.asked, phase.people
    row = asked_of.rows[asked_of.row[at, line]]
    level, share = text(f"level.{ASKING_LEVELS[at].name}", lang), float(asked_of.output[at, line])
    if row.cite == OWN_PLAN.cite:
        said: tuple[str, ...] = (text("explain.row.own", lang, level=level,
                                      share=wording.percent(float(people.own_cut[at, line]))),)
    else:
        asked = wording.percent(row.share) if isinstance(row.share, float) else row.share
        said = (text("explain.row.text", lang, level=level, key=wording.row_key(row, lang),
                     kind=f"{text(f'measurekind.{row.kind}', lang)} {asked}"),
                text("explain.basis", lang, clause=wording.row_clause(row, lang), basis=text(f"basis.{row.basis}", lang)))
    words = wording.measure(row, share, int(asked_of.whole[at, line]), lang,
                            min_load=float(people.min_load[line]),
                            own_words=str(people.own_words[at, line]))
    if row.kind is Kind.EXEMPT:
        control = text(f"control.{list(Control)[people.control[line]]}", lang)
        ordered = text("explain.share.exempt", lang, level=level, control=control)
    elif not share:
        ordered = f"{level}: {words}"
    else:
        ordered = text("explain.share.text", lang, level=level, measure=words, share=wording.percent(share))
    return [Step(text("explain.row", lang), said), Step(text("explain.share", lang), (ordered,))]


def _load(run: Run, phase: Phase, line: int, member: int, day: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean load of each hour of the day, float64[24], and the day's level weights, float64[4]: exact integrals."""
    world = run.world
    assert run.classes
    people = phase.people
    heeds = heeded(world, run.ledger.timeline, member)
    ramps = Ramps(np.array([member * len(world.cities) + int(people.city[line])]), run.classes.start_class[[line]],
                  people.ramp_down_h[[line]], people.ramp_up_h[[line]], None if heeds is None else heeds[[line]])
    share = np.concatenate([[0.0], phase.asked.output[:, line]])  # blue asks nothing
    until = [level_weights(run.ledger.timeline, ramps, hour, world.settings.response.escalate)[0]
             for hour in range(24 * day, 24 * (day + 1) + 1)]
    return 1 - np.diff([weights @ share for weights in until]), until[-1] - until[0]


def _hours(load: np.ndarray, lang: str) -> Step:
    """The 24 loads, six hours a line."""
    return Step(text("explain.load", lang), tuple(
        f"{first:02d}:00  " + "  ".join(f"{wording.percent(value):>6}" for value in load[first: first + 6])
        for first in range(0, 24, 6)))


def _kilograms(phase: Phase, line: int, weights: np.ndarray, lang: str) -> Step:
    people, asked = phase.people, phase.asked
    lost = float(weights[1:] @ asked.output[:, line])
    if lost < 1e-9:
        return Step(text("explain.kilograms", lang), (text("explain.kilograms.none", lang),))
    hours = {p: float(weights[1:] @ asked.share_of(p)[:, line]) for p in Pollutant}
    avoided = text("list.join", lang).join(
        f"{text(f'pollutant.{p}', lang)} {quantity(f'{hours[p] / 24 * people.emission[at, line]:,.4g}', 'kg', lang)}"
        for at, p in enumerate(Pollutant))
    return Step(text("explain.kilograms", lang), (text(
        "explain.kilograms.text", lang, hours=f"{lost:.2f}", avoided=avoided,
        output=quantity(f"{lost / 24 * people.output[line]:,.4g}", people.output_unit[line], lang),
        product=people.product[line], value=f"{lost / 24 * people.value[line]:,.0f}"),))
