"""The command line: `python run_sim.py run`."""

from sim.cli import main

if __name__ == "__main__":
    main()
