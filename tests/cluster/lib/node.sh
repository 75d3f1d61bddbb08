# One real node: the distribution's containerd, runc and CNI plugins, our kubelet and kube-proxy, and a helper that plays registry and DNS.
# shellcheck shell=bash
# Sourced by `bed`.

write_node_config() {
	local cni=/usr/lib/cni
	[ -x $cni/bridge ] || cni=/opt/cni/bin
	mkdir -p "$BED/cni" "$BED/kubelet" "$BED/podlogs" "$BED/containerd" "$BED/volplugins" "$BED/registries" "$BED/registry"
	cat >"$BED/containerd/config.toml" <<-T
	version = 2
	root = "$BED/containerd/root"
	state = "/run/containerd/state"
	disabled_plugins = ["io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.internal.v1.opt"]
	[grpc]
	  address = "/run/containerd/c.sock"
	[plugins."io.containerd.grpc.v1.cri"]
	  sandbox_image = "registry.k8s.io/pause:3.10"
	  disable_apparmor = true
	  restrict_oom_score_adj = true   # without CAP_SYS_RESOURCE (as in many containers) runc cannot lower scores and every sandbox fails
	  [plugins."io.containerd.grpc.v1.cri".registry]
	    config_path = "$BED/registries"
	  [plugins."io.containerd.grpc.v1.cri".containerd]
	    snapshotter = "$(snapshotter)"
	    default_runtime_name = "runc"
	    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
	      runtime_type = "io.containerd.runc.v2"
	  [plugins."io.containerd.grpc.v1.cri".cni]
	    bin_dir = "$cni"
	    conf_dir = "$BED/cni"
	T
	cat >"$BED/cni/10-bed.conflist" <<-J
	{"cniVersion": "0.4.0", "name": "bed", "plugins": [
	  {"type": "bridge", "bridge": "cni0", "isGateway": true, "ipMasq": false, "hairpinMode": true, "ipam": {"type": "host-local",
	   "dataDir": "$BED/cni-ipam", "ranges": [[{"subnet": "10.244.0.0/24"}]], "routes": [{"dst": "0.0.0.0/0"}]}},
	  {"type": "loopback"}]}
	J
	# API names are resolved by the kubelet's static list only; failCgroupV1 false: Kubernetes refuses the old cgroups by default.
	cat >"$BED/kubelet.yaml" <<-Y
	apiVersion: kubelet.config.k8s.io/v1beta1
	kind: KubeletConfiguration
	address: $NODE_IP
	authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: $PKI/ca.crt}}
	authorization: {mode: Webhook}
	cgroupDriver: cgroupfs
	cgroupRoot: /$CGROUP
	failCgroupV1: false
	containerRuntimeEndpoint: unix:///run/containerd/c.sock
	failSwapOn: false
	evictionHard: {memory.available: 100Mi, nodefs.available: 1%, imagefs.available: 1%}
	imageGCHighThresholdPercent: 100
	serializeImagePulls: false
	tlsCertFile: $PKI/kubelet.crt
	tlsPrivateKeyFile: $PKI/kubelet.key
	podLogsDir: $BED/podlogs
	volumePluginDir: $BED/volplugins
	makeIPTablesUtilChains: false
	resolvConf: $BED/resolv.conf
	clusterDomain: cluster.local
	clusterDNS: [10.96.0.10]
	Y
}

# overlayfs does not stack on every file system (a container's own overlay root, for example).
snapshotter() {
	local t=$BED/overlay-try
	mkdir -p "$t/l" "$t/u" "$t/w" "$t/m"
	if unshare --mount mount -t overlay overlay -o "lowerdir=$t/l,upperdir=$t/u,workdir=$t/w" "$t/m" 2>/dev/null; then echo overlayfs; else echo native; fi
	rm -rf "$t"
}

make_cgroups() {
	local c
	if [ -f /sys/fs/cgroup/cgroup.controllers ]; then
		# One hierarchy: hand the controllers down. Those that the machine refuses the kubelet will name.
		mkdir -p "/sys/fs/cgroup/$CGROUP"
		for c in $(cat /sys/fs/cgroup/cgroup.controllers); do
			echo "+$c" >/sys/fs/cgroup/cgroup.subtree_control 2>/dev/null || true
			echo "+$c" >"/sys/fs/cgroup/$CGROUP/cgroup.subtree_control" 2>/dev/null || true
		done
		return
	fi
	for c in /sys/fs/cgroup/*/; do
		[ -L "${c%/}" ] || mkdir -p "$c$CGROUP"
	done
	for c in cpus mems; do
		[ -f "/sys/fs/cgroup/cpuset/cpuset.$c" ] && cat "/sys/fs/cgroup/cpuset/cpuset.$c" >"/sys/fs/cgroup/cpuset/$CGROUP/cpuset.$c"
	done
	true
}

node_ready() { [ "$(k get node $NODE -o jsonpath='{.status.conditions[?(@.type=="Ready")].status}')" = True ]; }

# The pods' name service: what CoreDNS is in a real cluster. The helper answers.
make_dns_service() {
	k get service kube-dns -n kube-system >/dev/null 2>&1 || k create -f - >/dev/null <<-Y
	apiVersion: v1
	kind: Service
	metadata: {name: kube-dns, namespace: kube-system}
	spec: {clusterIP: 10.96.0.10, ports: [{name: dns, port: 53, protocol: UDP}]}
	---
	apiVersion: discovery.k8s.io/v1
	kind: EndpointSlice
	metadata: {name: kube-dns-node, namespace: kube-system, labels: {kubernetes.io/service-name: kube-dns}}
	addressType: IPv4
	endpoints: [{addresses: ["$NODE_IP"], conditions: {ready: true}}]
	ports: [{name: dns, port: 53, protocol: UDP}]
	Y
}

start_node() {
	local i
	write_node_config
	make_cgroups
	part_runs helper || part_start helper python3 "$here/lib/helper.py" "$BED/registry" "$PKI" $NODE_IP
	part_runs containerd || part_start containerd containerd -c "$BED/containerd/config.toml"
	wait_for containerd 30 "containerd is ready" inside ctr -a /run/containerd/c.sock version
	for i in pause busybox foreign; do inside ctr -a /run/containerd/c.sock -n k8s.io images import "$BED/images/$i.tar" >/dev/null; done
	part_runs kubelet || part_start kubelet "$K8S/kubelet" --config="$BED/kubelet.yaml" --kubeconfig="$BED/kubelet.kubeconfig" \
		--root-dir="$BED/kubelet" --hostname-override=$NODE --node-ip=$NODE_IP
	part_runs proxy || part_start proxy "$K8S/kube-proxy" --kubeconfig="$BED/proxy.kubeconfig" --proxy-mode=nftables --hostname-override=$NODE \
		--cluster-cidr=10.244.0.0/16 --conntrack-max-per-core=0
	wait_for kubelet 60 "node $NODE is Ready" node_ready
	make_dns_service
	wait_for proxy 20 "services are reachable" nsenter -t "$(init_pid)" -n -- curl -sk -o /dev/null https://10.96.0.1/
}
