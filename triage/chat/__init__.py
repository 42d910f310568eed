"""A visitor's page and the digital desk's screen; the transcript stays on the incident."""
