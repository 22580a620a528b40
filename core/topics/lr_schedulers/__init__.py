"""Learning-rate schedules: what the page measures and draws."""
