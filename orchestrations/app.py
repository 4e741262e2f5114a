"""The blueprint that everything registers on."""

import azure.durable_functions as df
import azure.functions as func

app = df.Blueprint(http_auth_level=func.AuthLevel.ANONYMOUS)
"""Anonymous at the host: callers are people, and our own check of their principal follows in every trigger."""
