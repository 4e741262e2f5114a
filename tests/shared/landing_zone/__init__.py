"""The sample estate's landing zone in tests: how it breaks, and when it is truly back. Used by e2e tests too."""
