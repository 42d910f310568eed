"""Sampled assessments read again by a reviewer, and practice on invented callers."""
