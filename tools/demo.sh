#!/usr/bin/env bash
# `./dev demo`: PROGRAM [--live PYTHON]. Looks at a small shop in trouble: recorded from a real cluster, or at that cluster itself.
set -euo pipefail
program=$1
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
recording=$root/data/demo/shop.snapshot
shown=${program#"$PWD/"}

say()
{
	printf '\n\033[1m%s\033[0m\n' "$*" | if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then cat; else sed 's/\x1b\[[0-9;]*m//g'; fi
}

if [ "${2:-}" = --live ]; then
	bed=$root/tests/cluster/bed
	"$bed" up
	"$3" "$root/tests/cluster/shop.py"
	from=()
	run=("$bed" exec env KUBECONFIG="$("$bed" env | sed -n 's/^KUBECONFIG=//p')" "$program")
	say "A real Kubernetes runs here, with a shop in trouble (namespace shop). End it with: ./dev cluster down"
else
	[ -f "$recording" ] || {
		echo "demo: $recording is not there" >&2
		exit 1
	}
	from=(--from "$recording")
	run=("$program")
	say "A shop in trouble, recorded from a real cluster."
fi

show()
{
	local words=() word
	for word in "$@"; do
		case "$word" in
		*' '*) words+=("\"$word\"") ;;
		"$recording") words+=("${recording#"$root/"}") ;;
		*) words+=("$word") ;;
		esac
	done
	say "\$ $shown ${words[*]}"
	"${run[@]}" "$@"
}

show scan "${from[@]}"
show ask "${from[@]}" "why is the checkout thing down?"
show ask "${from[@]}" "which pods are out of memory?"
show ask "${from[@]}" "is the catalogue healthy?"

say "Try next:"
cat <<TEXT
  $shown why deployment/checkout -n shop ${from[*]:+--from ${recording#"$root/"}}
  $shown chat ${from[*]:+--from ${recording#"$root/"}}
  $shown scan                          your own cluster, as kubectl would reach it
  $shown snapshot -o my.snapshot       record it, with secrets masked, to look at elsewhere
TEXT
