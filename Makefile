# The short names for what people do here; CMake does the work. `make help` lists them.
PRESET ?= release
JOBS ?= $(shell nproc)

.PHONY: help setup build test demo bench format lint clean

help:        ## show this list
	@sed -n 's/^\([a-z]*\): .*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 16

setup:       ## install what the build needs (once; later runs only look)
	@scripts/setup.sh

build: setup ## build everything into build/bin
	@cmake --preset $(PRESET) >/dev/null
	@cmake --build --preset $(PRESET) -j $(JOBS)

test: build  ## build and run every test
	@ctest --preset $(PRESET)

demo: build  ## photographs to web page, the whole line, in seconds
	@scripts/setup.sh --demo
	@scripts/demo.py

bench: build ## measure against the field; results belong into docs/benchmarks.md
	@bench/run.sh

format:      ## put every source file into house style
	@scripts/setup.sh --lint
	@scripts/format.sh

lint:        ## clang-tidy over what the build compiles
	@scripts/setup.sh --lint
	@scripts/lint.sh

clean:       ## remove build output, keep what setup fetched
	rm -rf build build-without-*
