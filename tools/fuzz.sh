# `./dev fuzz`. Sourced by ./dev.
# shellcheck shell=bash

# fuzz SECONDS NAME: runs each fuzzer whose name contains NAME. New inputs are kept in the cache, findings in the cache's
# crashes/ folder; the corpus of the tree is only read. Prints "PASSED FAILED 0" to fd 3 when it is open.
fuzz()
{
	local seconds=$1 name=$2 dir fuzzer corpus folders passed=0 failed=0 log
	dir=$(build_dir -fuzz)
	CC=${FUZZ_CC:-clang} CXX=${FUZZ_CXX:-clang++} configure_and_build "$dir" -Dfuzz=true -Dtests=false -Db_sanitize=address,undefined -Db_lundef=false -Dbuildtype=debugoptimized
	mkdir -p "$CACHE/crashes"
	for fuzzer in "$dir"/tests/fuzz/fuzz_*; do
		[ -f "$fuzzer" ] && [ -x "$fuzzer" ] || continue
		corpus=${fuzzer##*/fuzz_}
		[[ "$corpus" == *"$name"* ]] || continue
		folders=("$CACHE/corpus/$corpus")
		[ ! -d "$ROOT/tests/fuzz/corpus/$corpus" ] || folders+=("$ROOT/tests/fuzz/corpus/$corpus")
		mkdir -p "$CACHE/corpus/$corpus"
		log=$LOG_DIR/fuzz-$corpus.log
		say "fuzz $corpus for $seconds s"
		if "$fuzzer" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 -print_final_stats=1 \
			-artifact_prefix="$CACHE/crashes/$corpus-" "${folders[@]}" </dev/null >"$log" 2>&1; then
			passed=$((passed + 1))
			sed -n -e 's/^stat::number_of_executed_units: */dev:   executions /p' -e 's/^stat::peak_rss_mb: */dev:   peak MB /p' "$log" >&2
		else
			failed=$((failed + 1))
			tail -n 40 "$log" >&2
			say "FINDING in $corpus; its input: $CACHE/crashes/$corpus-*, whole log: $log"
		fi
	done
	[ $((passed + failed)) -gt 0 ] || die 1 "no fuzzer is called '$name'"
	if { true >&3; } 2>/dev/null; then
		echo "$passed $failed 0" >&3
	fi
	[ "$failed" -eq 0 ]
}

# As a test group: the argument is the seconds.
test_fuzz()
{
	need build fuzz
	fuzz "$1" ""
}
