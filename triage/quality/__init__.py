"""Quality: samples of assessments reviewed fairly, feedback, the trend by team, and practice."""
