"""The Functions app: registers what the packages declare; nothing else."""

import azure.durable_functions as df

import orchestrations.activities
import orchestrations.entities
import orchestrations.orchestrators
import orchestrations.triggers.all  # noqa: F401 - importing registers
from orchestrations.app import app as blueprint

app = df.DFApp()
app.register_functions(blueprint)
