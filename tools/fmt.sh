#!/usr/bin/env bash
# `./dev fmt`: PYTHON [FILE...].
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
python=$1
shift
if [ $# -eq 0 ]; then
	mapfile -t c < <(find src tests -type f \( -name '*.c' -o -name '*.h' -o -name '*.cc' \) | sort)
	py=(tools tests)
else
	c=()
	py=()
	for file in "$@"; do
		case "$file" in
		*.c | *.h | *.cc) c+=("$file") ;;
		*.py) py+=("$file") ;;
		esac
	done
fi
[ ${#c[@]} -eq 0 ] || clang-format -i "${c[@]}"
if [ ${#py[@]} -gt 0 ]; then
	"$python" -m ruff check -q --fix-only --config tools/ruff.toml "${py[@]}"
	"$python" -m ruff format -q --config tools/ruff.toml "${py[@]}"
fi
[ $# -gt 0 ] || python3 tools/codemap.py --write
# docs/checks.md is what the program prints: brought up to date where it is built.
if [ $# -eq 0 ] && [ -x build/auto-devops ]; then
	build/auto-devops checks --markdown >docs/checks.md.new && mv docs/checks.md.new docs/checks.md
fi
