# The two commands: `make demo` and `make test`. Everything they need goes into .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SUPPLY := .venv-supply
TOOLS := .venv-tools
SITE := .venv-site
RUNNING := .venv-running
TRYTON := .venv-tryton
COVERED := --cov-branch --cov-report=term-missing:skip-covered --cov
APART := tests/page tests/connectors/test_tryton.py tests/examples/test_typed_client.py
NODE := tests/contract/node
IN_NODE := PATH="$(CURDIR)/$(TOOLS)/bin:$$PATH" npx --no-install

.PHONY: demo test test-page test-spreadsheets test-clients test-connectors coverage serve openapi clients translations lint \
	lint-contract lint-running format bench audit sbom lock site clean

demo: $(VENV)/.run
	$(BIN)/kontor demo

serve: $(VENV)/.run
	$(BIN)/kontor serve

test: lint
	$(BIN)/pytest -n 2 --dist loadfile tests/method $(COVERED)=service/method --cov-fail-under=100
	$(BIN)/pytest -n 3 --dist loadfile --ignore=tests/method $(addprefix --ignore=,$(APART))

# The page in a real browser: needs Chromium.
test-page: $(VENV)/.dev
	$(BIN)/pytest tests/page

# What LibreOffice makes of tables, templates and filled-in forms: needs its Calc (soffice).
test-spreadsheets: $(VENV)/.dev
	command -v soffice
	$(BIN)/pytest -k libreoffice tests/api/test_in_libreoffice.py tests/api/test_templates.py tests/forms/test_template.py

# A real Tryton beside a served Kontor.
test-connectors: $(VENV)/.dev $(TRYTON)/.made
	$(BIN)/pytest tests/connectors/test_tryton.py

# What all tests together pass through; slower than `make test`.
coverage: $(VENV)/.dev
	$(BIN)/pytest -n 2 --dist loadfile $(addprefix --ignore=,$(APART)) $(COVERED)=service

# The contract in its three dialects by Spectral, and a typed client in TypeScript. Node comes from PyPI.
lint-contract: $(NODE)/node_modules/.made
	cd $(NODE) && $(IN_NODE) spectral lint --ruleset spectral.yaml --fail-severity hint \
		../../../openapi/kontor.v1.yaml ../../../openapi/kontor.v1.openapi-3.0.json ../../../openapi/kontor.v1.swagger-2.0.json
	cd $(NODE) && $(IN_NODE) openapi-typescript ../../../openapi/kontor.v1.yaml --output contract.d.ts
	cd $(NODE) && $(IN_NODE) tsc

# The examples of running it by their own tools: the schema of Compose, Helm's engine, the schemas of Kubernetes.
lint-running: $(RUNNING)/.made
	$(RUNNING)/bin/check-jsonschema --builtin-schema vendor.compose-spec examples/running/compose.yaml
	$(RUNNING)/bin/python tests/running/check_chart.py

# A typed client in Python, in build/: put that folder on the path.
clients: $(TOOLS)/.made
	$(TOOLS)/bin/openapi-python-client generate --meta none --overwrite --path openapi/kontor.v1.openapi-3.0.json \
		--config tests/contract/client.yaml --output-path build/kontor_client > /dev/null

# The typed client against the service, and clients for Node that read OData.
test-clients: export PATH := $(CURDIR)/$(TOOLS)/bin:$(PATH)
test-clients: $(VENV)/.dev clients
	$(BIN)/pytest tests/examples/test_typed_client.py
	npm install --prefix tests/clients --no-package-lock --no-audit --no-fund
	$(BIN)/pytest tests/clients/check_clients.py

# The documentation, in build/site: a link to nothing fails it, a file from elsewhere, and a figure of the worked example
# that the service gives otherwise.
site: $(VENV)/.dev $(SITE)/.made
	PYTHONPATH=. $(BIN)/python docs/site/pages.py build/docs
	rm -rf build/site
	$(SITE)/bin/sphinx-build -q -W --keep-going -n -c docs/site build/docs build/site
	$(BIN)/pytest tests/site/check_built.py

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

FAULTS := KONTOR_FAULTS=100 $(BIN)/pytest tests/faults
SEEDS := 1
READERS := csv json ndjson workbook archive parquet formula method condition cursor key token claims
SECONDS := 180

.PHONY: faults faults-a faults-b faults-c faults-d faults-e faults-f fuzz

# All fault campaigns, in parts that each end within an hour; the tables are in docs/faults.md.
faults: faults-a faults-b faults-c faults-d faults-e faults-f

faults-a: $(VENV)/.dev
	$(FAULTS)/test_killed_while_handing_in.py

faults-b: $(VENV)/.dev
	$(FAULTS)/test_failpoints.py

faults-c: $(VENV)/.dev
	$(FAULTS)/test_connections.py

faults-d: $(VENV)/.dev
	$(FAULTS)/test_histories.py

# As root: some of them mount a disk, or hold up system calls with strace. Clocks need libfaketime.
faults-e: $(VENV)/.dev
	$(FAULTS)/test_endings.py $(addprefix tests/faults/test_,disks.py clocks.py memory.py)

# Needs PgBouncer, and the history of the repository for an older version.
faults-f: $(VENV)/.dev
	$(FAULTS)/test_receivers.py $(addprefix tests/faults/test_,crowds.py pooler.py rolling.py)

# Generated requests as four callers, then coverage-guided bytes for each reader.
fuzz: $(VENV)/.fuzz
	KONTOR_FUZZ="$(SEEDS)" $(BIN)/pytest -s tests/contract/test_schemathesis.py tests/bad_inputs/test_served.py
	set -e; for reader in $(READERS); do \
		$(BIN)/python -m tests.fuzz.readers $$reader -max_total_time=$(SECONDS); done

bench: $(VENV)/.dev
	$(BIN)/python benchmarks/customer_card.py
	$(BIN)/python benchmarks/intake.py
	$(BIN)/python benchmarks/segmentation.py
	$(BIN)/python benchmarks/kpis.py
	$(BIN)/python benchmarks/feeds.py
	$(BIN)/python benchmarks/feeds.py --part pages

# Known vulnerabilities of what is locked. What cannot be looked up is a failure, too.
audit: $(SUPPLY)/.made
	$(SUPPLY)/bin/pip-audit --strict --require-hashes --disable-pip --progress-spinner off -r requirements/run.txt

# What .venv consists of, with versions and licences (CycloneDX); an image has that of what it installs.
sbom: $(SUPPLY)/.made $(VENV)/.run
	$(SUPPLY)/bin/cyclonedx-py environment --output-reproducible --of JSON -o kontor.cdx.json --pyproject pyproject.toml \
		$(BIN)/python

$(VENV)/.run: requirements/run.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --no-deps --require-hashes -r requirements/run.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.run
	$(BIN)/python -m pip install --quiet --no-deps --require-hashes -r requirements/dev.txt
	touch $@

$(NODE)/node_modules/.made: $(TOOLS)/.made $(NODE)/package-lock.json
	cd $(NODE) && PATH="$(CURDIR)/$(TOOLS)/bin:$$PATH" npm ci --silent
	touch $@

# Apart from the service: what examines it is no part of it, and Tryton (GPL) is only spoken to.
$(SUPPLY)/.made $(TOOLS)/.made $(SITE)/.made $(TRYTON)/.made $(RUNNING)/.made: .venv-%/.made: requirements/%.txt
	$(PYTHON) -m venv .venv-$*
	.venv-$*/bin/python -m pip install --quiet --no-deps --require-hashes -r $<
	touch $@

$(VENV)/.fuzz: requirements/fuzz.txt $(VENV)/.dev
	$(BIN)/python -m pip install --quiet --no-deps --require-hashes -r requirements/fuzz.txt
	touch $@

# Needs uv on the path. Locks with hashes and without addresses.
lock:
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --group dev \
		--all-extras pyproject.toml -o requirements/dev.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --group build \
		--all-extras -c requirements/dev.txt pyproject.toml -o requirements/run.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --group fuzz \
		-c requirements/dev.txt -o requirements/fuzz.txt
	for group in supply tools site tryton running; do \
		uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
			--group $$group -o requirements/$$group.txt; done

clean:
	rm -rf $(VENV) $(SUPPLY) $(TOOLS) $(SITE) $(TRYTON) $(RUNNING) $(NODE)/node_modules build kontor.cdx.json \
		.mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage
