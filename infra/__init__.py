"""Infrastructure: what is deployed to Azure, and what stands in for it on one machine."""
