"""The local Functions host: HTTP, timers and a durable engine for any app of the v2 model."""
