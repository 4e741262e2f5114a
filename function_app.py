"""The Functions app: registers what the packages declare; nothing else."""

import azure.durable_functions as df
import azure.functions as func

from orchestrations.registered import app as blueprint

# Callers are people: our own check of their principal follows in every trigger. `/alerts` asks for a key.
app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)
app.register_functions(blueprint)
