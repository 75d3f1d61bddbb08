# `./dev test`. Sourced by ./dev.
#
# Each group adds one line "GROUP PASSED FAILED SKIPPED SECONDS" to the results file; the closing line is their sum.
# shellcheck shell=bash

TEST_GROUPS="unit cases system cluster"

# record GROUP PASSED FAILED SKIPPED SECONDS
record()
{
	printf '%s %s %s %s %s\n' "$@" >>"$RESULTS"
}

# run_group GROUP [NAME]: runs test_GROUP, which prints its counts to fd 3. A group that says nothing has failed.
run_group()
{
	local group=$1 started=$SECONDS counts status=0
	say "test $group"
	"test_$group" "${2:-}" 3>"$WORK/counts" || status=$?
	counts=$(tail -n 1 "$WORK/counts")
	if ! [[ "$counts" =~ ^[0-9]+\ [0-9]+\ [0-9]+$ ]]; then
		say "group $group ended without counts (exit $status)"
		counts="0 1 0"
	elif [ "$status" -ne 0 ] && [[ "$counts" =~ ^[0-9]+\ 0\  ]]; then
		say "group $group exited $status although no test is counted as failed"
		counts="${counts%% *} 1 ${counts##* }"
	fi
	# shellcheck disable=SC2086
	record "$group$SANITIZE_LABEL" $counts $((SECONDS - started))
}

test_unit()
{
	local status=0 tests=(--suite unit --suite fuzz)
	rm -f "$BUILD"/meson-logs/testlog*.json
	# The fuzzers' corpora are replayed here too: a file that once broke a parser is a unit test.
	if [ -n "$1" ]; then
		mapfile -t tests < <(meson test -C "$BUILD" --no-rebuild --list 2>/dev/null | sed 's|^.* / ||' | grep -F -- "$1" | sort -u)
		[ ${#tests[@]} -gt 0 ] || {
			echo "0 0 0" >&3
			return 0
		}
	fi
	meson test -C "$BUILD" --no-rebuild --timeout-multiplier "$TIMEOUT_MULTIPLIER" --print-errorlogs -q --num-processes "$(jobs)" "${tests[@]}" \
		</dev/null || status=$?
	python3 "$ROOT/tools/count.py" meson "$BUILD/meson-logs/testlog.json" >&3
	return $status
}

test_cases()
{
	python3 "$ROOT/tests/cases/run" --program "$PROGRAM" --counts "$WORK/cases" ${1:+"$1"} || {
		local status=$?
		cat "$WORK/cases" >&3
		return $status
	}
	cat "$WORK/cases" >&3
}

# run_pytest FOLDER NAME [OPTION...]
run_pytest()
{
	local folder=$1 name=$2 status=0
	shift 2
	need_python
	(cd "$ROOT/tests/$folder" && AUTO_DEVOPS=$PROGRAM "$PYTHON" -m pytest -q -p no:cacheprovider --junit-xml "$WORK/$folder.xml" -o junit_family=xunit2 \
		${name:+-k "$name"} "$@" . </dev/null) || status=$?
	# 5: nothing was collected.
	[ "$status" -ne 5 ] || status=0
	python3 "$ROOT/tools/count.py" junit "$WORK/$folder.xml" >&3
	return $status
}

# promtool judges generated rules. Only the program is taken out of the package: installing it would start a server.
need_promtool()
{
	local dir=$CACHE/promtool
	command -v promtool >/dev/null 2>&1 && return 0
	if [ ! -x "$dir/usr/bin/promtool" ] && [ "$(system_family)" = debian ]; then
		mkdir -p "$dir"
		(cd "$dir" && apt-get -qq download prometheus && dpkg-deb -x prometheus_*.deb .) >"$LOG_DIR/promtool.log" 2>&1 || true
	fi
	PATH=$PATH:$dir/usr/bin
}

test_system()
{
	need_promtool
	run_pytest system "$1" -n "$(jobs)" --dist worksteal
}

test_cluster()
{
	need cluster
	need_go
	export CACHE
	if [ -x "$ROOT/tests/cluster/run" ]; then
		need_python
		AUTO_DEVOPS=$PROGRAM PYTHON=$PYTHON "$ROOT/tests/cluster/run" --counts "$WORK/cluster" ${1:+"$1"} || {
			local status=$?
			cat "$WORK/cluster" >&3
			return $status
		}
		cat "$WORK/cluster" >&3
		return 0
	fi
	run_pytest cluster "$1"
}

# The same on the oldest Kubernetes that is still supported.
OLDER_KUBERNETES=1.36.3
test_cluster-older()
{
	# All faults at once there: ten at a time and each alone take hours, and are tried on the newer one.
	KV=$OLDER_KUBERNETES AUTO_DEVOPS_FULL="" test_cluster "$1"
}

# Reads the results file, prints a table, then the closing line. Fails when a test failed or none ran.
summarise()
{
	awk '
	{
		printf "  %-22s %6d ok %6d bad %6d left out %7.1f min\n", $1, $2, $3, $4, $5 / 60
		p += $2; f += $3; s += $4
	}
	END {
		if (p + f == 0)
			print "no test ran"
		printf "%d passed, %d failed", p, f
		if (s > 0)
			printf ", %d skipped", s
		printf "\n"
		exit (f > 0 || p == 0) ? 1 : 0
	}' "$1"
}

# Sets BUILD and PROGRAM to a build with a sanitizer.
build_sanitized()
{
	need build sanitize
	case "$1" in
	address)
		BUILD=$(build_dir -asan)
		configure_and_build "$BUILD" -Db_sanitize=address,undefined -Db_lundef=false -Dbuildtype=debugoptimized
		export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_stack_use_after_return=1:strict_string_checks=1:allocator_may_return_null=1}
		export UBSAN_OPTIONS=${UBSAN_OPTIONS:-halt_on_error=1:print_stacktrace=1}
		;;
	thread)
		BUILD=$(build_dir -tsan)
		configure_and_build "$BUILD" -Db_sanitize=thread -Db_lundef=false -Dbuildtype=debugoptimized
		export TSAN_OPTIONS=${TSAN_OPTIONS:-halt_on_error=1:second_deadlock_stack=1}
		;;
	*) die 2 "--sanitize takes address or thread, not '$1'" ;;
	esac
	PROGRAM=$BUILD/auto-devops
	SANITIZE_LABEL="($1)"
	TIMEOUT_MULTIPLIER=10
	export AUTO_DEVOPS_SLOW=10
}

cmd_test()
{
	local argument groups="" name="" group sanitize="" full=""
	SANITIZE_LABEL=""
	TIMEOUT_MULTIPLIER=2
	for argument in "$@"; do
		case "$argument" in
		unit | cases | system | cluster) groups="$groups $argument" ;;
		all) groups=$TEST_GROUPS ;;
		full)
			groups=$TEST_GROUPS
			full=1
			;;
		--sanitize=*) sanitize=${argument#*=} ;;
		-*) die 2 "test has no option '$argument'" ;;
		*)
			[ -n "$groups" ] || die 2 "test groups are: $TEST_GROUPS full all; '$argument' is none (a NAME comes after its group)"
			[ -z "$name" ] || die 2 "test takes one NAME, got '$name' and '$argument'"
			name=$argument
			;;
		esac
	done
	WORK=$(mktemp -d)
	trap 'rm -rf "$WORK"' EXIT
	trap 'exit 130' INT
	RESULTS=$WORK/results
	: >"$RESULTS"
	if [ -n "$sanitize" ]; then
		build_sanitized "$sanitize"
	else
		build
	fi
	[ -z "$full" ] || export AUTO_DEVOPS_FULL=1
	for group in ${groups:-unit cases system}; do
		run_group "$group" "$name"
	done
	if [ -n "$full" ]; then
		run_group cluster-older "$name"
		. "$ROOT/tools/fuzz.sh"
		run_group fuzz 600
	fi
	[ -z "${AUTO_DEVOPS_RESULTS:-}" ] || cat "$RESULTS" >>"$AUTO_DEVOPS_RESULTS"
	summarise "$RESULTS"
}
