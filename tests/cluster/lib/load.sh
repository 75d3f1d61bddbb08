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

fake_nodes() { # fake_nodes COUNT
	local i
	for i in $(seq "$1"); do
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

fake_deployments() { # fake_deployments COUNT REPLICAS
	local i
	for i in $(seq 10); do printf -- '---\napiVersion: v1\nkind: Namespace\nmetadata: {name: team-%s}\n' "$i"; done
	for i in $(seq "$1"); do
		cat <<-Y
		---
		apiVersion: apps/v1
		kind: Deployment
		metadata: {name: app-$i, namespace: team-$((i % 10 + 1))}
		spec:
		  replicas: $2
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

# load_pods PODS: in Deployments of 100, on one fake node for each 100 pods.
load_pods() {
	local sets=$((($1 + 99) / 100)) start
	start_kwok fake
	if k get namespace team-1 >/dev/null 2>&1; then say "the fake pods are there already: $(ready_pods) Ready"; return; fi
	start=$(now)
	fake_nodes $((sets * 2)) | k create -f - >/dev/null
	fake_deployments "$sets" 100 | k create -f - >/dev/null
	while [ "$(ready_pods)" -lt $((sets * 100)) ]; do
		awk -v s="$(since "$start")" 'BEGIN { exit !(s > 900) }' && die "only $(ready_pods) of $((sets * 100)) pods are Ready after 15 minutes"
		sleep 2
	done
	say "$((sets * 100)) pods Ready after $(since "$start") s"
}

# crash_pods N: what kubelet would report of N containers that die at once, and the event it would write. Sent side by side over one connection each.
crash_pods() {
	local names now_text n=0 ns pod uid image d=$BED/crash
	names=$(k get pods -A -l '!keep' -o jsonpath='{range .items[?(@.spec.nodeSelector.fake=="1")]}{.metadata.namespace} {.metadata.name} {.metadata.uid} {.spec.containers[0].image}{"\n"}{end}')
	[ -n "$names" ] || die "no fake pods: tests/cluster/bed load"
	mkdir -p "$d"; now_text=$(date -u +%FT%TZ)
	while read -r ns pod uid image; do
		n=$((n + 1))
		cat >"$d/pod-$n.json" <<-J
		{"status": {"phase": "Running",
		 "conditions": [{"type": "Ready", "status": "False", "reason": "ContainersNotReady", "message": "containers with unready status: [main]", "lastTransitionTime": "$now_text"},
		  {"type": "ContainersReady", "status": "False", "reason": "ContainersNotReady", "message": "containers with unready status: [main]", "lastTransitionTime": "$now_text"}],
		 "containerStatuses": [{"name": "main", "image": "$image", "imageID": "", "ready": false, "started": false, "restartCount": 7,
		  "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 5m0s restarting failed container=main pod=${pod}_$ns($uid)"}},
		  "lastState": {"terminated": {"exitCode": 1, "reason": "Error", "startedAt": "$now_text", "finishedAt": "$now_text"}}}]}}
		J
		cat >"$d/event-$n.json" <<-J
		{"apiVersion": "v1", "kind": "Event", "metadata": {"name": "$pod.backoff", "namespace": "$ns"}, "type": "Warning", "reason": "BackOff", "count": 12,
		 "message": "Back-off restarting failed container main in pod ${pod}_$ns($uid)", "firstTimestamp": "$now_text", "lastTimestamp": "$now_text",
		 "source": {"component": "kubelet", "host": "fake-1"}, "reportingComponent": "kubelet",
		 "involvedObject": {"apiVersion": "v1", "kind": "Pod", "namespace": "$ns", "name": "$pod", "uid": "$uid", "fieldPath": "spec.containers{main}"}}
		J
		printf 'next\nrequest = PATCH\nheader = "Content-Type: application/merge-patch+json"\nurl = "https://127.0.0.1:6443/api/v1/namespaces/%s/pods/%s/status"\ndata = "@%s"\noutput = /dev/null\n' \
			"$ns" "$pod" "$d/pod-$n.json"
		printf 'next\nrequest = POST\nheader = "Content-Type: application/json"\nurl = "https://127.0.0.1:6443/api/v1/namespaces/%s/events"\ndata = "@%s"\noutput = /dev/null\n' \
			"$ns" "$d/event-$n.json"
	done < <(printf '%s\n' "$names" | awk -v n="$1" -v all="$(printf '%s\n' "$names" | wc -l)" 'BEGIN { step = int(all / n); if (step < 1) step = 1 } NR % step == 0 && c++ < n') |
		awk -v ca="$PKI/ca.crt" -v cert="$PKI/admin.crt" -v key="$PKI/admin.key" \
			'{ if ($0 == "next") { if (NR > 1) print "next" } else print; if ($0 == "next") printf "cacert = \"%s\"\ncert = \"%s\"\nkey = \"%s\"\nsilent\nshow-error\n", ca, cert, key }' >"$d/requests"
	nsenter -t "$(init_pid)" -n -- curl --no-progress-meter --parallel --parallel-max 16 --config "$d/requests"
	say "$(k get pods -A --no-headers | grep -c CrashLoopBackOff) pods in CrashLoopBackOff"
	rm -rf "$d"
}
