"""Azure Container Apps: environments, apps, revisions, replicas."""
