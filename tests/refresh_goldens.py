"""Write the goldens anew and tell what moved: `python tests/refresh_goldens.py [name …]`. See CONTRIBUTING.md for when."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import goldens

for name in sys.argv[1:] or goldens.DOCUMENTS:
    found = goldens.figures(name)
    before = goldens.kept(name) if (goldens.FOLDER / f"{name}.csv").exists() else {}
    told = goldens.moved(before, found)
    goldens.keep(name, found)
    print(f"{name}: {len(told)} figures moved", *told, sep="\n  ")
