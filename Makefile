# Every target is one readable command; `make` alone lists them.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3.11
UV := .venv/uv/bin/uv
export PATH := $(CURDIR)/.venv/controller/bin:$(PATH)
export ANSIBLE_CONFIG := $(CURDIR)/ansible.cfg
# A play starts Python a hundred times: what it compiles is kept, in one folder, whatever the caller's habit.
export PYTHONDONTWRITEBYTECODE :=
export PYTHONPYCACHEPREFIX := $(CURDIR)/.cache/python

help: ## List the targets
	@grep -hE '^[a-z][a-z-]*:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

# --- Environments -----------------------------------------------------------------------------------------------------
venv: .venv/controller/.installed .venv/app/.installed ## Install the pinned tools into .venv/

.venv/uv/.installed: requirements/uv.txt
	$(PYTHON) -m venv --clear .venv/uv
	.venv/uv/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	touch $@

.venv/controller/.installed: requirements/controller.txt requirements/mitogen.txt requirements/test.txt | .venv/uv/.installed
	$(UV) venv --quiet --allow-existing --python $(PYTHON) .venv/controller
	$(UV) pip sync --quiet --require-hashes --python .venv/controller $^
	touch $@

.venv/app/.installed: requirements/app.txt requirements/app-test.txt | .venv/uv/.installed
	$(UV) venv --quiet --allow-existing --python $(PYTHON) .venv/app
	$(UV) pip sync --quiet --require-hashes --python .venv/app $^
	touch $@

.venv/app-lts/.installed: requirements/app-lts.txt requirements/app-lts-test.txt | .venv/uv/.installed
	$(UV) venv --quiet --allow-existing --python $(PYTHON) .venv/app-lts
	$(UV) pip sync --quiet --require-hashes --python .venv/app-lts $^
	touch $@

LOCK := $(UV) pip compile --quiet --generate-hashes --no-emit-index-url --no-emit-find-links --python-version 3.11 \
	--custom-compile-command 'make lock'
# Wheels that glibc 2.23 accepts; allauth 0.63.6 is published as a source distribution only.
LOCK_APP := $(LOCK) --python-platform x86_64-manylinux_2_17 --only-binary :all: --no-binary django-allauth

# Of their own: sslyze wants an older cryptography.
.venv/judges/.installed: requirements/judges.txt | .venv/uv/.installed
	$(UV) venv --quiet --allow-existing --python $(PYTHON) .venv/judges
	$(UV) pip sync --quiet --require-hashes --python .venv/judges $^
	touch $@

lock: .venv/uv/.installed ## Resolve requirements/*.in again and write the hashed locks
	$(LOCK) requirements/uv.in -o requirements/uv.txt
	$(LOCK) requirements/controller.in -o requirements/controller.txt
	$(LOCK) requirements/mitogen.in -o requirements/mitogen.txt
	$(LOCK) requirements/test.in -o requirements/test.txt
	$(LOCK) requirements/judges.in -o requirements/judges.txt
	$(LOCK) requirements/release.in -o requirements/release.txt
	$(LOCK) requirements/nginx.in -o requirements/nginx.txt
	$(LOCK) requirements/litestream.in -o requirements/litestream.txt
	$(LOCK_APP) requirements/app.in -o requirements/app.txt
	$(LOCK_APP) requirements/app-lts.in -o requirements/app-lts.txt
	$(LOCK) requirements/app-test.in -o requirements/app-test.txt
	$(LOCK) requirements/app-lts-test.in -o requirements/app-lts-test.txt

# --- The whole line on one machine ------------------------------------------------------------------------------------
DEMO = @$(PYTHON) -B roles/local_demo/files/demo.py

demo: ## From a bare Debian 12 machine to a running site, as root; again: brings it up to date
	@command -v $(PYTHON) > /dev/null || { echo "$(PYTHON) is missing: apt-get install $(PYTHON)-venv" >&2; exit 1; }
	$(DEMO) up

demo-code: ## The demo account's current one-time code
	$(DEMO) code

demo-down: ## Remove the demo: processes, network, files
	$(DEMO) down

# --- The app alone, without root --------------------------------------------------------------------------------------
APP_PORT ?= 8000
APP_ENV := set -a; . .local/app/env; set +a
MANAGE := .venv/app/bin/python app/manage.py

.local/app/env:
	@mkdir -p -m 700 .local/app
	@umask 077; new() { $(PYTHON) -c "import secrets; print(secrets.token_urlsafe($$1))"; }; \
		new 12 > .local/app/admin-password; \
		printf '%s\n' "ENSSOL_SECRET_KEY=$$(new 48)" ENSSOL_DATA_DIR=$(CURDIR)/.local/app \
		ENSSOL_STATIC_ROOT=$(CURDIR)/.local/app/static ENSSOL_ALLOWED_HOSTS=127.0.0.1,localhost \
		ENSSOL_INSECURE_HTTP=true ENSSOL_SERVE_STATIC=true ENSSOL_SITE_URL=http://127.0.0.1:$(APP_PORT) \
		ENSSOL_EMAIL_URL=file://$(CURDIR)/.local/app/mail > $@

# Another database is left as it is.
.PHONY: app-database
app-database: .venv/app/.installed .local/app/env
	@[[ -n "$${ENSSOL_DATABASE_URL:-}" ]] || { $(APP_ENV); $(MANAGE) migrate --verbosity 0; $(MANAGE) seed_demo > /dev/null; }

app: app-database ## The site with the demo register on http://127.0.0.1:8000
	@! (exec 3<> /dev/tcp/127.0.0.1/$(APP_PORT)) 2> /dev/null \
		|| { echo "Port $(APP_PORT) is taken: choose another, make app APP_PORT=8001" >&2; exit 1; }
	@$(APP_ENV); $(MANAGE) collectstatic --noinput --verbosity 0; \
		$(MANAGE) create_admin admin@enssol.test < .local/app/admin-password > /dev/null; \
		echo "http://127.0.0.1:$(APP_PORT)  admin@enssol.test  password: .local/app/admin-password  (Ctrl-C stops it)"; \
		cd app; exec ../.venv/app/bin/gunicorn --config python:config.gunicorn --log-level warning \
		--bind 127.0.0.1:$(APP_PORT) config.wsgi

manage: app-database ## Run manage.py: make manage ARGS='import_register FILE --project CODE'
	@$(APP_ENV); $(MANAGE) $(ARGS)

# --- Tests ------------------------------------------------------------------------------------------------------------
JUNIT = --junitxml=$(CURDIR)/.local/tests/$@.pytest.xml

# What the tests need of Debian, installed when it is missing.
TEST_PACKAGES := bind9-host chromium git iproute2 lynis mmdebstrap nftables nmap openscap-scanner openssh-client \
	openssl pebble postgresql ssg-debderived systemd-container valgrind
.PHONY: test-packages
test-packages:
	@dpkg --status $(TEST_PACKAGES) > /dev/null 2>&1 \
		|| { apt-get update -qq && apt-get install -qq --yes --no-install-recommends $(TEST_PACKAGES); } > /dev/null

test: test-packages venv .venv/app-lts/.installed ## Run all tests and end with their totals
	@python tests/run.py

lint: venv .venv/app-lts/.installed ## Linters, types, generated files: no warning allowed
	ruff check .
	ruff format --check .
	yamllint --strict .
	ansible-lint --offline
	mypy docs/role_readmes.py tests roles molecule
	cd app && ../.venv/app-lts/bin/mypy . ../docs/schema.py
	.venv/app/bin/djlint app --check --lint --quiet
	python docs/role_readmes.py --check

test-app: test-packages .venv/app/.installed ## The app's tests, Chromium included, on Django 4.1
	cd app && ../.venv/app/bin/pytest $(JUNIT)

# The templates and the scripts are the same: browsers and budgets see them once.
test-app-lts: test-packages .venv/app-lts/.installed ## The same on the current long-term Django, without Chromium
	cd app && ../.venv/app-lts/bin/pytest -m "not browser" --ignore=bench $(JUNIT)

# Who may do what is decided before the database is asked.
test-app-postgres: test-packages .venv/app/.installed ## The same on PostgreSQL, without Chromium
	cd app && $(PYTHON) ../tests/with_postgres.py ../.venv/app/bin/pytest -m "not browser and not every_address" $(JUNIT)

test-repository: test-packages venv ## What the repository promises: inventories, templates, rig, documents
	pytest tests $(JUNIT)

test-aws: test-packages venv ## Molecule: provisioning against the AWS stand-in
	molecule test --scenario-name aws

test-host: test-packages venv .venv/judges/.installed ## Molecule: a real systemd host from bare to serving, and one whose Ansible runs Python 2.7
	molecule test --scenario-name default
	molecule test --scenario-name python2

bench-host: test-packages venv ## What a day of 25 people takes of a t2.nano's CPU credits and memory: minutes
	molecule test --scenario-name day

judge: test-packages venv .venv/judges/.installed ## What outside judges find on a host, before and after: minutes
	molecule test --scenario-name judge

# Minutes of a processor, so no part of `make test`. Where upstream is out of reach:
# make test-nginx NGINX_SOURCES=tests/data/nginx-sources.yml
NGINX_SOURCES := roles/nginx/files/sources.yml
BUILD_NGINX = python roles/nginx/files/build_nginx.py --sources $(NGINX_SOURCES) --lock requirements/nginx.txt \
	--cache .cache/nginx --uv $(UV)

test-nginx: venv ## Build the static nginx, unless the cache has it, and see it serve: minutes
	$(BUILD_NGINX)
	pytest tests/test_nginx_build.py tests/test_nginx_serves.py $(JUNIT)

nginx-newer: venv ## Say which release that nginx is built from is out of date
	@$(BUILD_NGINX) --newer

bench: .venv/app/.installed ## What a large register costs, as ratios to a small one: minutes
	cd app && ../.venv/app/bin/python -m bench

docs: venv ## Write the generated documents again
	python docs/role_readmes.py
	.venv/app/bin/python docs/schema.py
	.venv/app/bin/python docs/permissions.py

clean: ## Remove caches and environments, once no host runs on them
	@test ! -d .local/guests || { echo "Hosts run on them: make demo-down; molecule destroy --all" >&2; exit 1; }
	rm -rf .venv .cache .local .ansible

.PHONY: help venv lock demo demo-code demo-down app manage test lint test-app test-app-lts test-app-postgres test-repository test-aws test-host judge test-nginx nginx-newer bench bench-host docs clean
