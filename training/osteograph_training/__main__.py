"""Entry point of `python -m osteograph_training`."""

from .cli import main

raise SystemExit(main())
