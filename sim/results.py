"""Results of a scenario: tidy tables of all its runs, with provenance; written to a folder whole or not at all."""

import json
import platform
import time
from dataclasses import dataclass, field
from functools import cached_property
from importlib import metadata
from pathlib import Path

import pandas as pd

from sim import assessment, blanket, electricity, hourly, orders, reductions, regret, society, tables, verification
from sim.aqi import edition_on
from sim.experiment import Progress, Run, Scenario
from sim.files import MANIFEST, PROGRAM, content_hash, csv_bytes, json_bytes, sealed, write_folder

PACKAGES = ("simpy", "numpy", "pandas", "matplotlib", "pydantic", "PyYAML", "jinja2", "zhplot")


@dataclass(frozen=True)
class Results:
    """Tables of a scenario's runs, each made when first asked for; `run` and `member` tell the rows apart.

    lang : language of reasons, clauses and the report, `en` or `zh`. by_hour : the folder holds `hourly.csv` too.
    """

    scenario: Scenario
    runs: tuple[Run, ...]
    lang: str = "en"
    by_hour: bool = field(default=False, kw_only=True)

    @cached_property
    def warnings(self) -> pd.DataFrame:
        """One row per decision: kind, level, times, reason, clause."""
        return _joined([tables.warnings(run, self.lang) for run in self.runs])

    @cached_property
    def days(self) -> pd.DataFrame:
        """One row per city and day: AQI, trigger index, warning level, hours of response."""
        return _joined([tables.days(run) for run in self.runs])

    @cached_property
    def totals(self) -> pd.DataFrame:
        """City x industry x grade x pollutant: baseline, actual and avoided kilograms."""
        return _joined([tables.totals(run) for run in self.runs])

    @cached_property
    def by_county(self) -> pd.DataFrame:
        """City x county x pollutant: baseline, actual and avoided kilograms."""
        return _joined([tables.by_county(run) for run in self.runs])

    @cached_property
    def by_level(self) -> pd.DataFrame:
        """City x response level x pollutant: avoided kilograms, output value not made."""
        return _joined([tables.by_level(run) for run in self.runs])

    @cached_property
    def hourly(self) -> pd.DataFrame:
        """One row per city and hour: warning level, kilograms avoided and emitted by the listed lines, output value lost."""
        return _joined([hourly.hourly(run) for run in self.runs])

    @cached_property
    def output(self) -> pd.DataFrame:
        """City x industry x grade x product: baseline and curtailed output, curtailed value."""
        return _joined([tables.output(run) for run in self.runs])

    @cached_property
    def lines(self) -> pd.DataFrame:
        """One row per production line: full-load hours lost, kilograms avoided, output curtailed."""
        return _joined([tables.lines(run) for run in self.runs])

    @cached_property
    def orders(self) -> pd.DataFrame:
        """One row per order to a line: level, from, to, share, measure, basis, clause."""
        return _joined([orders.orders(run, self.lang) for run in self.runs])

    @cached_property
    def rules(self) -> pd.DataFrame:
        """One row per rule row that met a line: its basis, document and clause, and what it moved."""
        return _joined([orders.rules_applied(run, self.lang) for run in self.runs])

    @cached_property
    def targets(self) -> pd.DataFrame:
        """One row per target and period: value, limit, whether it is reached, and whose series was held against it."""
        return _joined([assessment.assess(run, self.lang) for run in self.runs])

    @cached_property
    def reduction_targets(self) -> pd.DataFrame:
        """Each level's reduction of whole-society emissions against the edition's target."""
        return _joined([reductions.reduction_targets(run) for run in self.runs])

    @cached_property
    def seasons(self) -> pd.DataFrame:
        """One row per row of staggered production that met a line: what it held back, its basis, document, clause."""
        return _joined([orders.seasons_applied(run, self.lang) for run in self.runs])

    @cached_property
    def electricity(self) -> pd.DataFrame:
        """City x industry x grade: electricity used and its surcharge, where the scenario names prices."""
        return _joined([electricity.surcharges(run) for run in self.runs])

    @cached_property
    def other_sources(self) -> pd.DataFrame:
        """City x county x source outside the list x pollutant: baseline, actual and avoided kilograms."""
        return _joined([society.other_sources(run) for run in self.runs])

    @cached_property
    def trucks(self) -> pd.DataFrame:
        """One row per line with truck trips where bans are in force: trips, trips banned, clause."""
        return _joined([society.trucks(run, self.lang) for run in self.runs])

    @cached_property
    def summary(self) -> pd.DataFrame:
        """One row per run and member: warnings and hours by level, kilograms, curtailed value."""
        return _joined([tables.summary(run) for run in self.runs])

    @cached_property
    def measures(self) -> pd.DataFrame:
        """One row per run and member: measures against blanket stopping."""
        return _joined([blanket.measures(run) for run in self.runs])

    @cached_property
    def verification(self) -> pd.DataFrame:
        """One row per measure of warnings and forecasts. Raises InputError without the extra `verify`."""
        return _joined([verification.verification(run) for run in self.runs])

    @cached_property
    def forecasts(self) -> pd.DataFrame:
        """Issue day x lead x member x city: index told (`aqi`, as in a forecast file) and what came (`index`). Not written."""
        return _joined([tables.forecasts(run) for run in self.runs])

    @cached_property
    def regret(self) -> pd.DataFrame:
        """One row per run and member: what forecast errors cost against perfect forecasts; runs each run once more."""
        return _joined([regret.regret(run, regret.perfect_twin(run)) for run in self.runs])

    @property
    def forecasts_err(self) -> bool:
        """Whether any run has forecasts that can err."""
        return any(run.world.settings.forecast.source != "perfect" for run in self.runs)

    @property
    def verified(self) -> bool:
        """Whether forecasts can err and what measures them is installed."""
        return self.forecasts_err and verification.installed()

    @property
    def hours_compiled(self) -> bool:
        """Whether hours that are written went through the kernel."""
        return self.by_hour and any(map(hourly.worth_compiling, self.runs))

    @property
    def lists(self) -> bool:
        """Whether any run has production lines."""
        return any(run.accounts for run in self.runs)

    def files(self, report: str, progress: Progress | None = None) -> dict[str, bytes]:
        """Every file of the output folder by name; the manifest last, with the hashes of the others."""
        sheets, written = self.sheets(), {}
        for number, (name, frame) in enumerate(sheets.items()):
            if progress:
                progress("tables", number, len(sheets))
            written[f"{name}.csv"] = csv_bytes(frame)
        written["report.html"] = report.encode()
        written["summary.json"] = json_bytes({"runs": self._summary_rows()})
        return written | {MANIFEST: sealed(self.manifest({n: content_hash(n, c) for n, c in written.items()}))}

    def sheets(self) -> dict[str, pd.DataFrame]:
        """Every table that is written as CSV, by the name of its file."""
        always = {"warnings": self.warnings, "days": self.days, "totals": self.totals, "output": self.output,
                  "lines": self.lines, "orders": self.orders, "by_county": self.by_county, "by_level": self.by_level,
                  "rules_applied": self.rules, "reduction_targets": self.reduction_targets, "measures": self.measures}
        asked_for = {"targets": self.targets, "seasons": self.seasons, "electricity": self.electricity,
                     "other_sources": self.other_sources, "trucks": self.trucks}  # only where a scenario speaks of them
        always |= {"regret": self.regret} if self.forecasts_err else {}
        always |= {"verification": self.verification} if self.verified else {}
        always |= {"hourly": self.hourly} if self.by_hour else {}
        return always | {name: frame for name, frame in asked_for.items() if len(frame)}

    def save(self, folder: Path, report: str, progress: Progress | None = None) -> None:
        """Write the folder. Raises InputError when it holds something that no run wrote."""
        write_folder(folder, self.files(report, progress))

    def _summary_rows(self) -> list[dict]:
        rows = json.loads(self.summary.to_json(orient="records", force_ascii=False, double_precision=12))
        seconds = round(time.perf_counter() - self.scenario.began, 3)  # from the first byte read to this line
        return [{**row, "seconds": seconds} for row in rows]

    def manifest(self, outputs: dict[str, str]) -> dict:
        """Where every number comes from: inputs and their hashes, settings in force, overrides, editions, versions."""
        return {
            "program": PROGRAM, "version": version(), "python": platform.python_version(),
            "packages": {name: metadata.version(name) for name in (
                *PACKAGES, *(("scores",) if self.verified else ()), *(("numba",) if self.hours_compiled else ()))},
            "scenario": ", ".join(path.name for path in self.scenario.paths), "lang": self.lang, "inputs": self.scenario.inputs,
            "runs": [_provenance(run) for run in self.runs], "outputs": outputs,
        }


def _provenance(run: Run) -> dict:
    world = run.world
    policy = world.choice.policy
    return {
        "run": world.run.name, "seed": world.settings.seed, "members": list(world.members),
        "rules": {"edition": world.edition.id, "document": world.edition.document,
                  "confidence": world.edition.confidence, "criteria_replaced": sorted(world.run.criteria_replaced)},
        "grading": {"policy": policy.head.id, "document": policy.head.document,
                    "assumed_rows_share": round(policy.assumed_rows_share, 4),
                    "overrides": len(world.choice.overrides)},
        "aqi": world.settings.aqi or sorted({edition_on(when) for when in (world.calendar.start, world.calendar.end)}),
        "changes": [vars(change) for change in world.run.changes],
        "settings": world.settings.model_dump(mode="json", exclude_none=True),
    }


def version() -> str:
    """Version of the installed program, or `source` when run from a folder that was never installed."""
    try:
        return metadata.version(PROGRAM)
    except metadata.PackageNotFoundError:
        return "source"


def _joined(frames: list[pd.DataFrame]) -> pd.DataFrame:
    filled = [frame for frame in frames if len(frame)]
    return pd.concat(filled, ignore_index=True) if filled else frames[0]
