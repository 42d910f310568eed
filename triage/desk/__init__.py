"""The public online report: step by step, no account."""
