"""Microsoft.Resources/deployments: templates evaluated, validated, compared with the world, deployed."""
