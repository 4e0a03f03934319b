# The README's commands; each does its own set-up on a bare Debian with Python 3.11, git and make.
.PHONY: demo test check bench cluster clean setup lock

JUTONG := .venv/bin/jutong

# make demo [ONCE=1] [DATA=folder or register file]
demo: .venv/.run
	@$(JUTONG) demo --home var/demo $(if $(ONCE),--once --json) $(if $(DATA),--data $(DATA))

test: .venv/.dev
	@tools/system-packages
	@$(MAKE) --no-print-directory check
	@.venv/bin/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder --durations=50 --durations-min=3

check: .venv/.dev
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/lint-imports --no-cache
	.venv/bin/python -m pytest -q tests/architecture -p no:cacheprovider

# make bench NAME=gateway
bench: .venv/.dev
	@tools/system-packages
	@.venv/bin/python -m bench $(or $(NAME),all)

# One job on Apache Spark, with one worker and with two: make cluster [ROWS=number]
cluster: .venv/.dev
	@tools/cluster $(if $(ROWS),--rows $(ROWS))

setup: .venv/.dev

ASSETS := package-lock.json hatch_build.py $(wildcard src/jutong/web/assets/*)

.venv/.run: requirements/run.lock pyproject.toml $(ASSETS)
	@tools/setup run

.venv/.dev: requirements/dev.lock pyproject.toml $(ASSETS)
	@tools/setup dev

# After a change of requirements/*.in: fresh hashes, no download addresses.
lock:
	@tools/lock

clean:
	rm -rf .venv .cluster var dist build node_modules src/jutong/web/static/dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
