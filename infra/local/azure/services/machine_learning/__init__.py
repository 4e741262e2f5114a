"""Microsoft.MachineLearningServices: workspaces, compute clusters, jobs."""

from infra.local.azure.services.machine_learning import computes, jobs, workspaces

SERVICES = (workspaces.service, computes.service, jobs.service)
