# The short names for what people do here; CMake does the work. `make help` lists them.
PRESET ?= release
SECONDS_EACH ?= 60
JOBS ?= $(shell nproc)

.PHONY: help setup build test demo bench fuzz sanitize torture torture-serve fleet package package-test container guide format \
  lint clean

help:        ## show this list
	@sed -n 's/^\([a-z-]*\): .*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 22

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

fuzz:        ## make up input for what reads foreign bytes, SECONDS_EACH (60) for each of them
	@scripts/setup.sh --fuzz
	@cmake --preset fuzz >/dev/null
	@cmake --build --preset fuzz -j $(JOBS)
	@scripts/fuzz.sh $(SECONDS_EACH)

sanitize: setup ## the server's tests under AddressSanitizer and ThreadSanitizer
	@scripts/sanitize.sh

torture-serve: build ## winnow-serve treated badly for minutes; needs MODEL=file and PHOTO=file
	@scripts/setup.sh --bench
	@bench/serve_torture.py slow idle --model $(MODEL) --photo $(PHOTO)
	@bench/serve_torture.py soak --model $(MODEL) --photo $(PHOTO) --seconds 600

torture: build ## ten minutes of kills for each way to run jobs; needs MODEL=file and PHOTO=file
	@tests/scripts/jobs_torture.py one --model $(MODEL) --photo $(PHOTO) --seconds 600
	@tests/scripts/jobs_torture.py many --model $(MODEL) --photo $(PHOTO) --seconds 600 --freeze 40

fleet: build ## several machines under load, and all that can happen to them; needs MODEL=file and PHOTO=file
	@.deps/peers/bin/python tests/scripts/fleet.py --model $(MODEL) --photo $(PHOTO) --seconds 600

package: build ## winnow-runtime and winnow-training as .deb and .tar.gz, into build/packages
	@cpack --config build/CPackConfig.cmake

package-test: package ## install them into a minimal Debian 12, and use them there; as root
	@packaging/test_in_debian.sh
	@packaging/test_in_debian.sh training

container: package ## build both container images and try them, where podman, docker or buildah is
	@deploy/container/try.sh

format:      ## put every source file into house style
	@scripts/setup.sh --lint
	@scripts/format.sh

lint:        ## clang-tidy over what the build compiles
	@scripts/setup.sh --lint
	@scripts/lint.sh

guide: package ## run every command of the guide and take every picture of the docs anew; as root
	@scripts/setup.sh --guide
	@.deps/peers/bin/python docs/guide/make.py

clean:       ## remove build output, keep what setup fetched
	rm -rf build build-without-*
