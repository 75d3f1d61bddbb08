# Fake nodes and pods for scale, driven by KWOK. Sourced by `bed`.
# shellcheck shell=bash

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

fake_nodes() { # fake_nodes FIRST LAST
	local i
	for i in $(seq "$1" "$2"); do
		cat <<-Y
		---
		apiVersion: v1
		kind: Node
		metadata: {name: fake-$i, labels: {fake: "1", kubernetes.io/hostname: fake-$i}, annotations: {kwok.x-k8s.io/node: fake}}
		spec: {taints: [{key: fake, effect: NoSchedule}]}
		status: {allocatable: {cpu: "32", memory: 256Gi, pods: "110"}, capacity: {cpu: "32", memory: 256Gi, pods: "110"}}
		Y
	done
}

fake_deployments() { # fake_deployments FIRST LAST REPLICAS
	local i
	for i in $(seq "$1" "$2"); do
		cat <<-Y
		---
		apiVersion: apps/v1
		kind: Deployment
		metadata: {name: app-$i, namespace: team-$((i % 10 + 1))}
		spec:
		  replicas: $3
		  selector: {matchLabels: {app: app-$i}}
		  template:
		    metadata: {labels: {app: app-$i}}
		    spec:
		      tolerations: [{key: fake, operator: Exists}]
		      nodeSelector: {fake: "1"}
		      containers: [{name: main, image: "registry.example/app-$i:1.0", resources: {requests: {cpu: 100m, memory: 64Mi}, limits: {memory: 128Mi}}}]
		Y
	done
}

ready_pods() { k get deployments -A -o jsonpath='{range .items[*]}{.metadata.namespace} {.status.readyReplicas}{"\n"}{end}' | awk '/^team-/ { n += $2 } END { print n + 0 }'; }

# load_pods PODS: as many in all, in Deployments of 100, with two fake nodes for each 100 pods. Those that are there stay.
load_pods() {
	local sets=$((($1 + 99) / 100)) have start i
	start_kwok fake
	have=$(k get deployments -A --no-headers 2>/dev/null | grep -c '^team-' || true)
	if [ "$have" -ge "$sets" ]; then say "the fake pods are there already: $(ready_pods) Ready"; return; fi
	start=$(now)
	[ "$have" -gt 0 ] || for i in $(seq 10); do printf -- '---\napiVersion: v1\nkind: Namespace\nmetadata: {name: team-%s}\n' "$i"; done | k create -f - >/dev/null
	fake_nodes $((have * 2 + 1)) $((sets * 2)) | k create -f - >/dev/null
	fake_deployments $((have + 1)) "$sets" 100 | k create -f - >/dev/null
	while [ "$(ready_pods)" -lt $((sets * 100)) ]; do
		awk -v s="$(since "$start")" 'BEGIN { exit !(s > 1800) }' && die "only $(ready_pods) of $((sets * 100)) pods are Ready after 30 minutes"
		sleep 2
	done
	say "$((sets * 100)) pods Ready after $(since "$start") s"
}

# fail_pods N: N of them fail in five ways, as kubelet would report it, each with its event (fail.py). Sent side by side.
fail_pods() {
	local d=$BED/fail
	rm -rf "$d"; mkdir -p "$d"
	k get pods -A -o jsonpath='{range .items[?(@.spec.nodeSelector.fake=="1")]}{.metadata.namespace} {.metadata.name} {.metadata.uid} {.spec.containers[0].image}{"\n"}{end}' >"$d/pods"
	[ -s "$d/pods" ] || die "no fake pods: tests/cluster/bed load"
	python3 "$here/lib/fail.py" "$1" "$d" <"$d/pods" |
		awk -v ca="$PKI/ca.crt" -v cert="$PKI/admin.crt" -v key="$PKI/admin.key" \
			'{ if ($0 == "next") { if (NR > 1) print "next" } else print; if ($0 == "next") printf "cacert = \"%s\"\ncert = \"%s\"\nkey = \"%s\"\nsilent\nshow-error\n", ca, cert, key }' >"$d/requests"
	nsenter -t "$(init_pid)" -n -- curl --no-progress-meter --parallel --parallel-max 16 --config "$d/requests"
	say "$(k get pods -A --no-headers | grep -c -E 'CrashLoopBackOff|ImagePullBackOff|CreateContainerConfigError|0/1 +Running') pods fail"
	rm -rf "$d"
}
