"""Registers the orchestrations under their permanent names."""

from orchestrations.app import app
from orchestrations.run_plan import run_plan

app.orchestration_trigger(context_name="context", orchestration="run_plan")(run_plan)
