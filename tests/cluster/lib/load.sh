# Fake nodes and pods for scale, driven by KWOK. Sourced by `bed`.

# start_kwok [GROUP]: a KWOK that keeps alive the nodes with the annotation kwok.x-k8s.io/node=GROUP. Each group has its own, so that a test can
# end one and thereby lose its nodes.
start_kwok() {
	local group=${1:-fake}
	part_runs "kwok-$group" && return
	part_start "kwok-$group" "$KWOK/bin/kwok" --kubeconfig="$BED/admin.kubeconfig" --config="$KWOK/stages.yaml" --manage-all-nodes=false \
		--manage-nodes-with-annotation-selector="kwok.x-k8s.io/node=$group" --node-ip=$NODE_IP --cidr=10.245.0.0/16 --node-lease-duration-seconds=40
	wait_for "kwok-$group" 20 "KWOK is at work for nodes '$group'" grep -q "Watch nodes" "$LOGS/kwok-$group.log"
}
stop_kwok() { part_stop "kwok-${1:-fake}"; }
