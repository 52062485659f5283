# Everything a user or a contributor runs. Needed beforehand: Python 3.11 or newer, cargo, gcc.
#
#   make demo [DIR=folder]   build, read a real series (or yours), show it, compare with pydicom
#   make test                build, run the Rust and the Python tests
#   make test-ml             the same for torch, MONAI and Ray, which take 10 GB of their own
#   make bench [BENCH=...]   build, time the readers that can be installed here; BENCH is what benches/run.py takes
#   make fuzz [TARGET=...]   build, try damaged bytes at each door for SECONDS=10, JOBS= doors at a time; needs g++
#   make lint                format, lints, types, stubs, generated tables
#   make wheels              what one Linux machine can build for others: manylinux2014 and musllinux, both processors; rustup
#   make others              does it compile for Windows and macOS, without a warning? rustup
#   make docs                the documentation as a site, in site/; a broken link fails
#   make mutants [FILE=...]  change the core a little in many places, one at a time: which changes does no test notice?
#
# All of it lives in .venv/, .venv-ml/ and target/. Files in .venv/stamps/ say what is installed there, so that a second run
# builds only when a source has changed.

PYTHON ?= python3
VENV := .venv
STAMPS := $(VENV)/stamps
IN_VENV := $(VENV)/bin
PIP := $(IN_VENV)/python -m pip --disable-pip-version-check

SOURCES := Cargo.toml Cargo.lock pyproject.toml README.md LICENSE LICENSE-THIRD-PARTY.txt \
	$(shell find rust python -type f \( -name '*.rs' -o -name '*.toml' -o -name '*.py' -o -name '*.pyi' -o -name py.typed \))

# cargo and pip would otherwise fill every log with their progress.
export PIP_PROGRESS_BAR ?= off
export PIP_QUIET ?= 1

.PHONY: demo test test-ml bench fuzz lint mutants wheel wheels others conformance golden clean suites docs
.DEFAULT_GOAL := demo
# A stamp must not survive a recipe that fails.
.DELETE_ON_ERROR:

demo: $(STAMPS)/wheel $(STAMPS)/group-demo
	@$(IN_VENV)/python tools/demo.py $(if $(DIR),"$(DIR)")

# The core's tests are plain Rust; the Python crate has none, and is tested through the installed wheel.
test: $(STAMPS)/wheel $(STAMPS)/group-test
	@if cargo nextest --version >/dev/null 2>&1; then \
		cargo nextest run --locked --package rapidicom-core --cargo-quiet --status-level fail && \
		cargo test --locked --package rapidicom-core --doc --quiet; \
	else \
		cargo test --locked --package rapidicom-core --quiet; \
	fi
	@$(IN_VENV)/python -m pytest

# Large libraries, in an environment of their own: the data sets that feed models, and what else needs them.
ML := .venv-ml
ML_STAMPS := $(ML)/stamps
ML_PIP := $(ML)/bin/python -m pip --disable-pip-version-check
test-ml: $(STAMPS)/wheel $(ML_STAMPS)/group
	@$(ML_PIP) install --force-reinstall --no-deps dist/rapidicom-*.whl
	@$(ML)/bin/python -m pytest tests/ml
	@$(ML)/bin/python -m pytest -k "torch or monai or (ray and not array)" tests/python/test_examples.py \
		tests/python/test_integrations.py tests/python/test_damaged_frames.py

$(ML_STAMPS)/group: pyproject.toml
	@echo "== installing torch, MONAI and Ray into $(ML) (some minutes, 10 GB)"
	@test -x $(ML)/bin/python || $(PYTHON) -m venv $(ML)
	@$(ML_PIP) install --upgrade "pip>=25.1"
	@$(ML_PIP) install --group ml
	@mkdir -p $(ML_STAMPS)
	@touch $@

bench: $(STAMPS)/wheel $(STAMPS)/group-test $(STAMPS)/group-bench
	@$(IN_VENV)/python benches/run.py $(BENCH)

SECONDS ?= 10
TARGET ?= $(basename $(notdir $(wildcard tests/fuzz/targets/*.rs)))
# What cargo-fuzz passes, without a sanitizer, which would take nightly Rust: the code counts where it was.
FUZZ_FLAGS := --cfg fuzzing -C passes=sancov-module -C llvm-args=-sanitizer-coverage-level=4 \
	-C llvm-args=-sanitizer-coverage-inline-8bit-counters -C llvm-args=-sanitizer-coverage-pc-table \
	-C llvm-args=-sanitizer-coverage-trace-compares

# tests/fuzz/run.sh says what is a finding. What a run finds stays in target/fuzz.
fuzz:
	@command -v g++ >/dev/null || { echo "make fuzz needs g++: libFuzzer is C++" >&2; exit 1; }
	@echo "== building the fuzz targets"
	@host=$$(rustc --print host-tuple) && RUSTFLAGS="$(FUZZ_FLAGS)" cargo build --release --locked --quiet \
		--manifest-path tests/fuzz/Cargo.toml --target-dir target/fuzz --target $$host && \
	echo "== fuzzing $(words $(TARGET)) doors for $(SECONDS) seconds each" && \
	tests/fuzz/run.sh target/fuzz/$$host/release $(SECONDS) $(TARGET)

# The test group too: types are checked against the libraries that the integrations use.
lint: $(STAMPS)/wheel $(STAMPS)/group-test $(STAMPS)/group-lint
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets --quiet -- -D warnings
	$(IN_VENV)/ruff check --quiet
	$(IN_VENV)/ruff format --check --quiet
	$(IN_VENV)/mypy --no-error-summary
	$(IN_VENV)/python -m mypy.stubtest rapidicom._core
	$(IN_VENV)/python tools/generate_dictionary.py --check
	$(IN_VENV)/python tools/conformance.py --check
	$(IN_VENV)/python tools/third_party.py --check

# Names and docstrings are read from the sources, so that nothing has to be built.
docs: $(STAMPS)/group-docs
	@NO_MKDOCS_2_WARNING=1 $(IN_VENV)/mkdocs build --strict --quiet
	@echo "== site/index.html"

# Without FILE the lines that differ from BASE; with it that file, or a pattern in quotes: FILE='rust/core/src/parse/*'.
# SHARD=0/20 takes a twentieth of the changes, spread evenly. Results stay in target/mutants.out.
BASE ?= main
mutants:
	@cargo mutants --version >/dev/null 2>&1 || cargo install --quiet --locked cargo-mutants
	@cargo nextest --version >/dev/null 2>&1 || cargo install --quiet --locked cargo-nextest
	@mkdir -p target
	@git diff $(BASE) -- rust/core/src >target/mutants.diff
	@if [ -z "$(FILE)" ] && [ ! -s target/mutants.diff ]; then echo "nothing differs from $(BASE): name a FILE"; exit 1; fi
	cargo mutants --package rapidicom-core --output target --no-shuffle $(if $(SHARD),--sharding round-robin --shard $(SHARD)) \
		$(if $(FILE),--file '$(FILE)',--in-diff target/mutants.diff)

# Other packages' tests with pydicom patched (fetched by pip; half an hour a run); see
# docs/suites.md.
suites:
	$(IN_VENV)/python tools/suites.py $(SUITE)

# pydicom's own tests with ours underneath (fetched by pip), and its public names beside ours.
conformance: $(STAMPS)/wheel $(STAMPS)/group-test
	$(IN_VENV)/python tests/python/pydicom_suite/run.py
	$(IN_VENV)/python tools/conformance.py

# What pydicom says of the files in tests/data; only after adding one.
golden: $(STAMPS)/group-test
	$(IN_VENV)/python tools/generate_golden.py

wheel: $(STAMPS)/wheel

$(STAMPS)/venv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@echo "== creating $(VENV)"
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) install --upgrade "pip>=25.1"
	@mkdir -p $(STAMPS)
	@touch $@

# A group of pyproject.toml; pip knows groups from 25.1.
$(STAMPS)/group-%: pyproject.toml | $(STAMPS)/venv
	@echo "== installing what '$*' needs"
	@$(PIP) install --group $*
	@touch $@

$(STAMPS)/wheel: $(SOURCES) $(STAMPS)/group-build
	@echo "== building the release wheel (a minute or two)"
	@rm -f dist/rapidicom-*.whl
	@$(IN_VENV)/maturin build --release --locked --quiet --interpreter $(IN_VENV)/python --out dist
	@$(PIP) install --force-reinstall --no-deps dist/rapidicom-*.whl
	@$(PIP) install dist/rapidicom-*.whl
	@touch $@

# For every Linux, by zig as compiler and linker; other systems build in .github/workflows/release.yml. The stable ABI
# needs no interpreter of the target.
WHEELS := dist/wheels
WHEEL_TARGETS ?= x86_64-unknown-linux-gnu aarch64-unknown-linux-gnu x86_64-unknown-linux-musl aarch64-unknown-linux-musl
wheels: $(STAMPS)/group-wheels
	@command -v rustup >/dev/null || { echo "make wheels needs rustup, which installs the standard library of each target" >&2; exit 1; }
	@rm -rf $(WHEELS)
	@for target in $(WHEEL_TARGETS); do \
		echo "== $$target"; \
		rustup --quiet target add $$target || exit 1; \
		case $$target in *musl) tag=musllinux_1_2 ;; *) tag=manylinux2014 ;; esac; \
		PATH="$(abspath $(IN_VENV)):$$PATH" $(IN_VENV)/maturin build --release --locked --quiet --zig \
			--target $$target --compatibility $$tag --out $(WHEELS) || exit 1; \
	done
	@$(IN_VENV)/maturin sdist --out $(WHEELS)
	@$(IN_VENV)/python tools/check_wheels.py $(WHEELS)

# Compiled as far as the linker, which would need those systems' libraries; warnings are errors.
OTHERS ?= x86_64-pc-windows-msvc x86_64-pc-windows-gnu aarch64-apple-darwin x86_64-apple-darwin
others:
	@command -v rustup >/dev/null || { echo "make others needs rustup, which installs the standard library of each target" >&2; exit 1; }
	@for target in $(OTHERS); do \
		echo "== $$target"; \
		rustup --quiet target add $$target || exit 1; \
		PYO3_CROSS=1 cargo clippy --locked --quiet --workspace --target $$target --target-dir target/others -- -D warnings || exit 1; \
	done

clean:
	rm -rf $(VENV) $(ML) target dist demo-output
