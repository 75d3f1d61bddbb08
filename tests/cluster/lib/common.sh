# Names, places and small helpers of the bed. Sourced by `bed`.
# shellcheck shell=bash
# Everything runs in one network, mount and process namespace whose first process is our own `init`: ending that one process ends all.

KV=${KV:-1.37.2}       # Kubernetes
ETCD_V=3.6.16
KWOK_V=0.8.0
GO_V=1.26.8

CACHE=${AUTO_DEVOPS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/auto-devops}
BED=${AUTO_DEVOPS_BED:-$CACHE/bed}
K8S=$CACHE/kubernetes/v$KV/bin
ETCD=$CACHE/etcd/v$ETCD_V/bin/etcd
KWOK=$CACHE/kwok/v$KWOK_V
LOGS=$BED/log PKI=$BED/pki RUN=$BED/run
CGROUP=auto-devops-$(printf %s "$BED" | cksum | cut -d' ' -f1) # our own cgroup: neither a kubelet of the machine nor another bed is disturbed
NODE=worker-1
NODE_IP=10.200.0.1
export KUBECONFIG=$BED/admin.kubeconfig
PARTS="etcd apiserver controller-manager scheduler containerd kubelet proxy helper"

say() { printf 'cluster: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }
now() { date +%s.%N; }
since() { awk -v a="$1" -v b="$(now)" 'BEGIN { printf "%.1f", b - a }'; }

need_root() {
	[ "$(id -u)" = 0 ] && return
	command -v sudo >/dev/null || die "needs root (namespaces, a container runtime); sudo is not installed"
	exec sudo env PATH="$PATH" KV="$KV" AUTO_DEVOPS_CACHE="$CACHE" AUTO_DEVOPS_BED="$BED" AUTO_DEVOPS_CLEAN_GO="${AUTO_DEVOPS_CLEAN_GO:-}" "$here/bed" "$@"
}

# One change at a time: two `up` side by side would build and start everything twice.
lock() {
	mkdir -p "$CACHE" "${BED%/*}"
	exec 9>"${1:-$BED.lock}"
	flock -n 9 || { say "waiting for another call of bed"; flock 9; }
}

# The namespaces hide these folders of the machine, so nothing of ours may lie below them.
check_places() {
	local p
	for p in "$CACHE" "$BED"; do
		case $(readlink -m "$p")/ in
		/run/* | /var/run/* | /var/lib/* | /var/log/*) die "$p cannot be used: set AUTO_DEVOPS_CACHE to a folder outside /run, /var/lib and /var/log" ;;
		esac
	done
}

# The process id of our init, as the machine sees it; fails when it does not run. The executable is compared, so that a reused id is no trap.
init_pid() {
	local pid
	pid=$(cat "$RUN/init.pid" 2>/dev/null) || return 1
	[ "$(readlink "/proc/$pid/exe" 2>/dev/null)" = "$(readlink -m "$BED/init")" ] || return 1
	echo "$pid"
}
must_run() { init_pid >/dev/null || die "not running: start it with tests/cluster/bed up"; }

# Run a command inside all namespaces of the cluster.
inside() { nsenter -t "$(init_pid)" -n -m -p -- "$@"; }
k() { nsenter -t "$(init_pid)" -n -- "$K8S/kubectl" "$@"; }
api() { nsenter -t "$(init_pid)" -n -- curl -sS --cacert "$PKI/ca.crt" --cert "$PKI/admin.crt" --key "$PKI/admin.key" "$@"; }

# part_start NAME COMMAND...: a daemon inside the namespaces. Its id there goes to run/NAME.pid, its output to log/NAME.log.
part_start() {
	local name=$1; shift
	# 9 is our lock: a daemon must not inherit it.
	setsid nsenter -t "$(init_pid)" -n -m -p -- sh -c 'echo $$ >"$0"; exec "$@"' "$RUN/$name.pid" "$@" >"$LOGS/$name.log" 2>&1 </dev/null 9>&- &
	disown
}
part_runs() {
	local pid
	pid=$(cat "$RUN/$1.pid" 2>/dev/null) && init_pid >/dev/null && inside kill -0 "$pid" 2>/dev/null
}
part_stop() {
	part_runs "$1" && inside kill "$(cat "$RUN/$1.pid")" || true
	rm -f "$RUN/$1.pid"
}
bed_complete() {
	local p
	init_pid >/dev/null || return 1
	for p in $PARTS; do part_runs "$p" || return 1; done
	k get --raw /readyz >/dev/null 2>&1
}

# wait_for PART SECONDS WHAT COMMAND...: until COMMAND succeeds; else the end of the part's log says why.
wait_for() {
	local part=$1 limit=$2 what=$3 start; shift 3
	start=$(now)
	while ! "$@" >/dev/null 2>&1; do
		if awk -v s="$(since "$start")" -v l="$limit" 'BEGIN { exit !(s > l) }' || { [ -f "$RUN/$part.pid" ] && ! part_runs "$part" && ! part_starting "$start"; }; then
			say "$part: not '$what' after $(since "$start") s. The end of $LOGS/$part.log:"
			tail -n 25 "$LOGS/$part.log" >&2 || true
			exit 1
		fi
		sleep 0.1
	done
	say "$what after $(since "$start") s"
}
part_starting() { awk -v s="$(since "$1")" 'BEGIN { exit !(s < 2) }'; }
