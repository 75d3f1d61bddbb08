# Stops everything and removes every trace. Sourced by `bed`.
# shellcheck shell=bash

# Removes a tree of cgroups, leaves first: they can go only when their last process is gone.
remove_cgroups() {
	local c left i
	for i in $(seq 50); do
		left=
		for c in /sys/fs/cgroup "/sys/fs/cgroup"/*/; do
			c=${c%/}/$CGROUP
			[ -d "$c" ] && [ ! -L "${c%/*}" ] || continue
			find "$c" -depth -type d -exec rmdir {} + 2>/dev/null || true
			[ -d "$c" ] && left="$left $c"
		done
		[ -z "$left" ] && return
		sleep 0.1
	done
	say "cannot remove:$left"; return 1
}

stop_all() {
	local pid start; start=$(now)
	# With the first process of the namespace the kernel ends all others in it; network, mounts and addresses go with the last of them.
	if pid=$(init_pid); then
		kill -9 "$pid"
		for _ in $(seq 300); do [ -d "/proc/$pid" ] || break; sleep 0.1; done
		[ -d "/proc/$pid" ] && die "process $pid does not end"
	fi
	remove_cgroups
	if grep -q " $BED/" /proc/mounts; then die "something is still mounted below $BED: $(grep -c " $BED/" /proc/mounts) mounts"; fi
	rm -rf --one-file-system "$BED"
	say "stopped in $(since "$start") s; the built programs stay in $CACHE"
}
