# What runs. Sourced by `bed`.
# shellcheck shell=bash

show_status() {
	local p pid built="not built"
	[ -x "$K8S/kube-apiserver" ] && built="built"
	printf 'Kubernetes %s  %s in %s\n' "$KV" "$built" "$CACHE"
	if ! init_pid >/dev/null; then echo "not running"; exit 1; fi
	for p in $PARTS $(ls "$RUN" | sed -n "s/^\\(kwok-.*\\)\\.pid$/\\1/p"); do
		if part_runs "$p"; then
			pid=$(cat "$RUN/$p.pid")
			inside awk -v p="$p" '/^VmRSS/ { printf "  %-20s running  %5d MiB\n", p, $2 / 1024 }' "/proc/$pid/status"
		else
			printf '  %-20s NOT RUNNING, see %s\n' "$p" "$LOGS/$p.log"
		fi
	done
	printf 'kubeconfig  %s\nreach it    %s exec COMMAND\n' "$KUBECONFIG" "$here/bed"
	k get nodes --no-headers 2>/dev/null | awk '{ n[$2]++ } END { for (s in n) printf "nodes       %d %s\n", n[s], s }'
	k get pods -A --no-headers 2>/dev/null | awk '{ n[$4]++ } END { for (s in n) printf "pods        %d %s\n", n[s], s }'
}
