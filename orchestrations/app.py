"""The blueprint that everything registers on."""

import azure.durable_functions as df

app = df.Blueprint()
