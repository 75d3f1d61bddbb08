#!/usr/bin/env bash
# `./dev fmt`: PYTHON [FILE...].
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
python=$1
shift
if [ $# -eq 0 ]; then
	mapfile -t c < <(find src tests bench -type f \( -name '*.c' -o -name '*.h' -o -name '*.cc' \) 2>/dev/null | sort)
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
[ ${#py[@]} -eq 0 ] || "$python" -m ruff format -q --config tools/ruff.toml "${py[@]}"
[ $# -gt 0 ] || python3 tools/codemap.py --write
