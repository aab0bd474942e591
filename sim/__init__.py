"""What a heavy-pollution warning really does: forecasts, warning levels, graded curtailment, tonnes, output.

`load` reads a scenario and everything it names, `run` runs it, `compare` runs several side by side, `sweep` weighs a whole
grid over many members, `sensitivity` ranks keys by what they move, `summary` and `plot` show it, `report` writes the folder.
"""

from typing import TYPE_CHECKING, Any

from sim.errors import Finding, InputError

if TYPE_CHECKING:
    from sim.api import compare, plot, report, run, save_sensitivity, save_sweep, sensitivity, summary, sweep
    from sim.comparison import Comparison
    from sim.experiment import Scenario, load
    from sim.results import Results
    from sim.sensitivities import Sensitivity
    from sim.sweeping import Sweep

__all__ = ["Comparison", "Finding", "InputError", "Results", "Scenario", "Sensitivity", "Sweep", "compare", "load", "plot",
           "report", "run", "save_sensitivity", "save_sweep", "sensitivity", "summary", "sweep"]

_HOMES = {"load": "sim.experiment", "Scenario": "sim.experiment", "Results": "sim.results", "run": "sim.api",
          "compare": "sim.api", "Comparison": "sim.comparison", "sweep": "sim.api", "save_sweep": "sim.api",
          "Sweep": "sim.sweeping", "sensitivity": "sim.api", "save_sensitivity": "sim.api",
          "Sensitivity": "sim.sensitivities",
          "summary": "sim.api", "plot": "sim.api", "report": "sim.api"}


def __getattr__(name: str) -> Any:
    """Public names are imported when first used, so that `--help` need not wait for pandas."""
    if name not in _HOMES:
        raise AttributeError(f"module 'sim' has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
