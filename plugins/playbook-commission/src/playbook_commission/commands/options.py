"""Options and arguments that several commands of pay have."""

from __future__ import annotations

import click

PLAN = click.option("--plan", default="", help="Which plan, where there are several.")
AS_OF = click.option("--as-of", metavar="TIME", help="By what was recorded by then.")
PERIOD = click.option("--period", required=True, help="A period of the plans, like 2027-Q1.")
ONE_PERSON = click.option("--person", default="", help="Only this person.")
DISPUTE = click.argument("name", metavar="DISPUTE")
