# The namespaces, etcd and the control plane. Sourced by `bed`.
# shellcheck shell=bash

start_namespaces() {
	local outer dns
	mkdir -p "$LOGS" "$RUN"
	init_pid >/dev/null && return
	setsid unshare --net --mount --propagation private --pid --fork --mount-proc --kill-child "$BED/init" >"$LOGS/init.log" 2>&1 </dev/null 9>&- &
	outer=$!; disown
	for _ in $(seq 50); do
		cat "/proc/$outer/task/$outer/children" 2>/dev/null | tr -d ' ' >"$RUN/init.pid" || true
		init_pid >/dev/null && break; sleep 0.1
	done
	init_pid >/dev/null || die "cannot make namespaces: $(cat "$LOGS/init.log")"
	# Hide what the parts would else touch on the machine: runtime folders, and kernel tunables that kubelet sets (each gets a private copy on top).
	dns=$(readlink -m /etc/resolv.conf)
	echo "nameserver 127.0.0.53" >"$BED/resolv.conf"
	inside sh -e -c '
		for d in /run /var/lib /var/log; do mount -t tmpfs tmpfs $d; done
		mkdir -p "${2%/*}"; [ -e "$2" ] || : >"$2"; mount --bind "$1/resolv.conf" "$2"
		# What is recorded from the cluster must not tell which machine it ran on.
		if [ -e /etc/machine-id ]; then
			od -An -N16 -tx1 /dev/urandom | tr -d " \n" >"$1/machine-id"; mount --bind "$1/machine-id" /etc/machine-id
		fi
		mkdir -p "$1/tunables"
		for f in vm/overcommit_memory vm/panic_on_oom kernel/panic kernel/panic_on_oops kernel/keys/root_maxkeys kernel/keys/root_maxbytes; do
			[ -e "/proc/sys/$f" ] || continue
			t=$1/tunables/$(echo "$f" | tr / _); cat "/proc/sys/$f" >"$t"; mount --bind "$t" "/proc/sys/$f"
		done
		ip link set lo up
		ip link add node0 type veth peer name node0p
		ip addr add "$3/24" dev node0
		ip link set node0 up; ip link set node0p up
		ip route add default via 10.200.0.254 dev node0
		echo 1 >/proc/sys/net/ipv4/ip_forward' sh "$BED" "$dns" $NODE_IP || die "cannot prepare the namespaces"
}

start_control_plane() {
	local cm
	part_runs etcd || part_start etcd "$ETCD" --name bed --data-dir "$BED/etcd" --unsafe-no-fsync --log-level warn \
		--listen-client-urls http://127.0.0.1:2379 --advertise-client-urls http://127.0.0.1:2379 \
		--listen-peer-urls http://127.0.0.1:2380 --initial-advertise-peer-urls http://127.0.0.1:2380 --initial-cluster bed=http://127.0.0.1:2380
	wait_for etcd 30 "etcd is ready" nsenter -t "$(init_pid)" -n -- curl -sf http://127.0.0.1:2379/health
	part_runs apiserver || part_start apiserver "$K8S/kube-apiserver" --etcd-servers=http://127.0.0.1:2379 --secure-port=6443 --advertise-address=$NODE_IP \
		--service-cluster-ip-range=10.96.0.0/16 --service-account-issuer=https://kubernetes.default.svc \
		--service-account-signing-key-file="$PKI/sa.key" --service-account-key-file="$PKI/sa.pub" \
		--tls-cert-file="$PKI/apiserver.crt" --tls-private-key-file="$PKI/apiserver.key" --client-ca-file="$PKI/ca.crt" \
		--authorization-mode=Node,RBAC --enable-admission-plugins=NodeRestriction --allow-privileged=true \
		--kubelet-client-certificate="$PKI/apiserver-kubelet.crt" --kubelet-client-key="$PKI/apiserver-kubelet.key" \
		--kubelet-certificate-authority="$PKI/ca.crt" --kubelet-preferred-address-types=InternalIP \
		--max-requests-inflight=1000 --max-mutating-requests-inflight=500
	wait_for apiserver 120 "API server is ready" k get --raw /readyz
	cm=$BED/controller-manager.kubeconfig
	# A node counts as lost after 40 s without a heartbeat: shorter, and a busy machine loses nodes that are fine. A benchmark with hundreds wants more.
	part_runs controller-manager || part_start controller-manager "$K8S/kube-controller-manager" --kubeconfig="$cm" --authentication-kubeconfig="$cm" \
		--authorization-kubeconfig="$cm" --bind-address=127.0.0.1 --use-service-account-credentials=true --leader-elect=false \
		--service-account-private-key-file="$PKI/sa.key" --root-ca-file="$PKI/ca.crt" --cluster-signing-cert-file="$PKI/ca.crt" \
		--cluster-signing-key-file="$PKI/ca.key" --cluster-cidr=10.244.0.0/16 --allocate-node-cidrs=false \
		--kube-api-qps=500 --kube-api-burst=1000 --concurrent-replicaset-syncs=20 --node-monitor-grace-period="${NODE_GRACE:-40s}"
	part_runs scheduler || part_start scheduler "$K8S/kube-scheduler" --kubeconfig="$BED/scheduler.kubeconfig" \
		--authentication-kubeconfig="$BED/scheduler.kubeconfig" --authorization-kubeconfig="$BED/scheduler.kubeconfig" \
		--bind-address=127.0.0.1 --leader-elect=false --kube-api-qps=500 --kube-api-burst=1000
	wait_for controller-manager 60 "controllers are at work" k get serviceaccount default -n default
}
