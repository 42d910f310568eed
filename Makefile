# Victim Contact: `make run` starts everything, `make test` checks everything, `make evaluate`
# measures the THRIVE policy on labelled reports, `make pictures` takes those of the README. Each sets the checkout up first, and again when
# a lock file has changed.

PYTHON ?= python3
PORT ?= 8000
SOCKET_PORT ?= $(shell expr $(PORT) + 1)

.PHONY: run test evaluate pictures setup
.SILENT:

setup:
	command -v $(PYTHON) >/dev/null || { echo "Python 3.11 or newer is missing. On Debian or Ubuntu: apt install python3 python3-venv"; exit 1; }
	$(PYTHON) victimcontact/setup.py

run: setup
	exec .venv/bin/python -m victimcontact.run --port $(PORT) --socket-port $(SOCKET_PORT)

test: setup
	$(PYTHON) victimcontact/setup.py --tests
	exec .venv/bin/python -m victimcontact.checks

evaluate: setup
	exec .venv/bin/python manage.py evaluate

# The pictures in the README, taken while the story is walked.
pictures: setup
	PICTURES=docs/pictures .venv/bin/python -m pytest -q tests/e2e/test_report_to_statement.py
