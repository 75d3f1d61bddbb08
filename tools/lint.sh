# `./dev lint`. Sourced by ./dev. Every step runs even when an earlier one failed; the last line names those that did.
# shellcheck shell=bash

# step NAME COMMAND...: runs it quietly; prints its output only when it fails.
step()
{
	local name=$1 started=$SECONDS log=$LOG_DIR/lint-$1.log
	shift
	[[ "$name" == *"$LINT_ONLY"* ]] || return 0
	if "$@" >"$log" 2>&1; then
		LINT_PASSED=$((LINT_PASSED + 1))
		printf '  %-14s ok   %3d s\n' "$name" $((SECONDS - started))
	else
		LINT_FAILED="$LINT_FAILED $name"
		printf '  %-14s BAD  %3d s\n' "$name" $((SECONDS - started))
		head -n 80 "$log"
	fi
}

c_files()
{
	find src tests -type f \( -name '*.c' -o -name '*.h' -o -name '*.cc' \) | sort
}

lint_format()
{
	# shellcheck disable=SC2046
	clang-format --dry-run --Werror $(c_files) || {
		echo "run ./dev fmt"
		return 1
	}
	"$PYTHON" -m ruff format -q --check --config tools/ruff.toml tools tests
}

# A build with every warning an error. Arguments: suffix, compilers, options.
lint_build()
{
	local dir cc=$2 cxx=$3
	dir=$(build_dir "$1")
	shift 3
	(CC=$cc CXX=$cxx KEEP_GOING=1 configure_and_build "$dir" --werror "$@")
}

lint_clang_build()
{
	lint_build -lint clang clang++ -Dbuildtype=plain -Dc_args=-Wno-unknown-warning-option
}

lint_gcc_build()
{
	if [ "${CI:-}" = true ]; then
		(build)
	else
		lint_build -gcc gcc g++
	fi
}

lint_tidy()
{
	local dir
	dir=$(build_dir -lint)
	find src -type f -name '*.c' -print0 |
		xargs -0 -P "$(jobs)" -n 4 clang-tidy -p "$dir" --quiet --config-file="$ROOT/.clang-tidy" 2>/dev/null
}

lint_cppcheck()
{
	# shellcheck disable=SC2046
	cppcheck --quiet --std=c11 --language=c -j "$(jobs)" --error-exitcode=1 --inline-suppr --enable=warning,performance,portability \
		--suppressions-list="$ROOT/tools/cppcheck.txt" -D__GNUC__=12 -D__linux__ -D__x86_64__ -I src \
		$(find src -type f -name '*.c')
}

lint_shell()
{
	shellcheck -x -S style dev .ci/run tools/*.sh tests/banned tests/links
	local script
	find . -type f -not -path './.git/*' -not -path './build*' -not -path '*/corpus/*' | while read -r script; do
		case "$(head -c 40 "$script" | tr -d '\0')" in
		'#!/bin/sh'* | '#!/bin/bash'* | '#!/usr/bin/env bash'*) echo "$script" ;;
		esac
	done | xargs -r shellcheck -x -S warning
}

# Python programs without .py are found by their first line.
lint_python()
{
	local extra
	extra=$(grep -lrI --exclude-dir=.git -m1 '^#!/usr/bin/env python3' tests tools bench 2>/dev/null || true)
	# shellcheck disable=SC2086
	"$PYTHON" -m ruff check -q --config tools/ruff.toml tools tests $extra
}

lint()
{
	LINT_ONLY=${1:-}
	LINT_FAILED=""
	LINT_PASSED=0
	cd "$ROOT" || exit 1
	step layers tests/layers "$ROOT"
	step sizes tests/sizes "$ROOT"
	step banned tests/banned "$ROOT"
	step codemap python3 tools/codemap.py --check
	step schema python3 tools/gen-schema.py --check
	step format lint_format
	step shell lint_shell
	step python lint_python
	step gcc lint_gcc_build
	step clang lint_clang_build
	step tidy lint_tidy
	step cppcheck lint_cppcheck
	# shellcheck disable=SC2086
	set -- $LINT_FAILED
	[ $((LINT_PASSED + $#)) -gt 0 ] || die 2 "lint has no step called '$LINT_ONLY'"
	[ -z "${AUTO_DEVOPS_RESULTS:-}" ] || echo "lint $LINT_PASSED $# 0 $SECONDS" >>"$AUTO_DEVOPS_RESULTS"
	if [ $# -gt 0 ]; then
		die 1 "lint: $# steps failed: $*"
	fi
	say "lint: $LINT_PASSED steps passed"
}
