"""Run records as HTML, PDF, mail and charts: pure functions of what was recorded."""
