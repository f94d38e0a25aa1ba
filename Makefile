# The two commands: `make demo` and `make test`. Everything they need goes into .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SUPPLY := .venv-supply
COVERED := --cov-branch --cov-report=term-missing:skip-covered --cov

.PHONY: demo test test-clients test-page coverage serve openapi translations lint format bench audit sbom lock clean

demo: $(VENV)/.run
	$(BIN)/kontor demo

serve: $(VENV)/.run
	$(BIN)/kontor serve

test: lint
	$(BIN)/pytest -n 2 --dist loadfile tests/method $(COVERED)=service/method --cov-fail-under=100
	$(BIN)/pytest -n 2 --dist loadfile --ignore=tests/method --ignore=tests/page

# The page in a real browser: needs Chromium.
test-page: $(VENV)/.dev
	$(BIN)/pytest tests/page

# What all tests together pass through; slower than `make test`.
coverage: $(VENV)/.dev
	$(BIN)/pytest -n 2 --dist loadfile $(COVERED)=service

# Reads OData with clients for Node, which is taken from the path.
test-clients: $(VENV)/.dev
	npm install --prefix tests/clients --no-package-lock --no-audit --no-fund
	$(BIN)/pytest tests/clients/check_clients.py

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

translations: $(VENV)/.run
	$(BIN)/python -m service.forms.messages

openapi: $(VENV)/.run
	$(BIN)/kontor openapi openapi

bench: $(VENV)/.dev
	$(BIN)/python benchmarks/customer_card.py
	$(BIN)/python benchmarks/intake.py
	$(BIN)/python benchmarks/segmentation.py
	$(BIN)/python benchmarks/kpis.py

# Known vulnerabilities of what is locked. What cannot be looked up is a failure, too.
audit: $(SUPPLY)/.made
	$(SUPPLY)/bin/pip-audit --strict --require-hashes --disable-pip --progress-spinner off -r requirements/run.txt

# What .venv consists of, with versions and licences (CycloneDX); an image has that of what it installs.
sbom: $(SUPPLY)/.made $(VENV)/.run
	$(SUPPLY)/bin/cyclonedx-py environment --output-reproducible --of JSON -o kontor.cdx.json --pyproject pyproject.toml \
		$(BIN)/python

# Apart from the service: what examines it is no part of it.
$(SUPPLY)/.made: requirements/supply.txt
	$(PYTHON) -m venv $(SUPPLY)
	$(SUPPLY)/bin/python -m pip install --quiet --no-deps --require-hashes -r requirements/supply.txt
	touch $@

$(VENV)/.run: requirements/run.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --no-deps --require-hashes -r requirements/run.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.run
	$(BIN)/python -m pip install --quiet --no-deps --require-hashes -r requirements/dev.txt
	touch $@

# Needs uv on the path. Locks with hashes and without addresses.
lock:
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --group dev \
		pyproject.toml -o requirements/dev.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --group build \
		-c requirements/dev.txt pyproject.toml -o requirements/run.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --group supply \
		-o requirements/supply.txt

clean:
	rm -rf $(VENV) $(SUPPLY) kontor.cdx.json .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage
