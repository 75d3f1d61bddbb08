# Builds the programs from the Go module proxy into the cache, once per version. Sourced by `bed`.
# shellcheck shell=bash

# ./dev installs what is missing; called by itself, the bed only says what that is.
check_programs() {
	local p missing=
	for p in containerd runc ctr nft ip nsenter unshare curl openssl gcc python3 busybox; do command -v "$p" >/dev/null || missing+=" $p"; done
	[ -x /usr/lib/cni/bridge ] || [ -x /opt/cni/bin/bridge ] || missing+=" CNI-plugins"
	[ -z "$missing" ] || die "missing:$missing (./dev cluster up installs them on Debian and Ubuntu)"
}

# go_run FOLDER ARGUMENTS...
go_run() { (cd "$1" && shift && nice go "$@"); }

write_kubernetes_module() {
	local dir=$1 gomod c
	# The published module's own go.mod says which Go it wants and which of its libraries live in its tree (staging): those have their own modules.
	gomod=$(cd "$(mktemp -d)" && go mod download -json "k8s.io/kubernetes@v$KV" | sed -n 's/.*"GoMod": "\(.*\)".*/\1/p')
	[ -f "$gomod" ] || die "the Go module proxy does not have k8s.io/kubernetes v$KV"
	{
		printf 'module bed/kubernetes\n\n'
		awk '/^go [0-9]/ || /^godebug [^(]/ { print } /^godebug \(/ { g = 1 } g { print } g && /^\)/ { g = 0 }' "$gomod"
		printf '\nrequire k8s.io/kubernetes v%s\n\nreplace (\n' "$KV"
		sed -n 's#^[[:space:]]*\(k8s.io/[a-z-]*\) => ./staging.*#\t\1 => \1 v0.'"${KV#*.}"'#p' "$gomod"
		printf ')\n'
	} >"$dir/go.mod"
	{
		printf '//go:build tools\n\npackage tools\n\nimport (\n'
		for c in $K8S_PROGRAMS; do printf '\t_ "k8s.io/kubernetes/cmd/%s"\n' "$c"; done
		printf ')\n'
	} >"$dir/tools.go"
}

K8S_PROGRAMS="kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy kubectl"

build_kubernetes() {
	local dir=$GO_ROOM/src/kubernetes-$KV flags="-s -w" p c start minor=${KV#*.}
	mkdir -p "$dir" "$K8S"
	write_kubernetes_module "$dir"
	go_run "$dir" mod tidy 2>"$dir/tidy.log" || { tail -n 15 "$dir/tidy.log" >&2; die "go mod tidy failed for Kubernetes $KV"; }
	for p in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
		flags+=" -X $p.gitVersion=v$KV -X $p.gitMajor=${KV%%.*} -X $p.gitMinor=${minor%%.*} -X $p.gitTreeState=clean"
	done
	for c in $K8S_PROGRAMS; do
		[ -x "$K8S/$c" ] && continue
		start=$(now)
		# Written under another name first: an interrupted build must not look finished.
		go_run "$dir" build -mod=mod -trimpath -ldflags "$flags" -o "$K8S/.$c" "k8s.io/kubernetes/cmd/$c" || die "cannot build $c"
		mv "$K8S/.$c" "$K8S/$c"
		say "built $c in $(since "$start") s"
	done
}

build_etcd() {
	local dir=$GO_ROOM/src/etcd-$ETCD_V start
	mkdir -p "$dir" "${ETCD%/*}"; start=$(now)
	printf 'module bed/etcd\n\ngo 1.26.0\n\nrequire go.etcd.io/etcd/server/v3 v%s\n' $ETCD_V >"$dir/go.mod"
	printf 'package main\n\nimport (\n\t"os"\n\n\t"go.etcd.io/etcd/server/v3/etcdmain"\n)\n\nfunc main() { etcdmain.Main(os.Args) }\n' >"$dir/main.go"
	go_run "$dir" mod tidy 2>/dev/null || die "go mod tidy failed for etcd"
	go_run "$dir" build -mod=mod -trimpath -ldflags '-s -w' -o "$ETCD.new" . && mv "$ETCD.new" "$ETCD"
	say "built etcd in $(since "$start") s"
}

build_kwok() {
	local dir=$GO_ROOM/src/kwok-$KWOK_V start stages f
	mkdir -p "$dir" "$KWOK/bin"; start=$(now)
	printf 'module bed/kwok\n\ngo 1.26.0\n\nrequire sigs.k8s.io/kwok v%s\n' $KWOK_V >"$dir/go.mod"
	printf '//go:build tools\n\npackage tools\n\nimport _ "sigs.k8s.io/kwok/cmd/kwok"\n' >"$dir/tools.go"
	go_run "$dir" mod tidy 2>/dev/null || die "go mod tidy failed for kwok"
	stages=$(go_run "$dir" list -m -f '{{.Dir}}' sigs.k8s.io/kwok)/kustomize/stage
	for f in node/fast/node-initialize node/heartbeat-with-lease/node-heartbeat-with-lease pod/fast/pod-ready pod/fast/pod-complete pod/fast/pod-delete; do
		echo ---; cat "$stages/$f.yaml"
	done >"$KWOK/stages.yaml"
	go_run "$dir" build -mod=mod -trimpath -ldflags "-s -w -X sigs.k8s.io/kwok/pkg/consts.Version=v$KWOK_V" -o "$KWOK/bin/.kwok" sigs.k8s.io/kwok/cmd/kwok
	mv "$KWOK/bin/.kwok" "$KWOK/bin/kwok"
	say "built kwok in $(since "$start") s"
}

kubernetes_built() { local c; for c in $K8S_PROGRAMS; do [ -x "$K8S/$c" ] || return 1; done; }

build_all() {
	check_programs
	if kubernetes_built && [ -x "$ETCD" ] && [ -x "$KWOK/bin/kwok" ] && [ -f "$KWOK/stages.yaml" ]; then return; fi
	GO_ROOM=$CACHE/go   # module and build caches of our own, so that they can be deleted without harm to anyone else's
	mkdir -p "$GO_ROOM/src"
	command -v go >/dev/null || die "building needs Go $GO_V or later in PATH (./dev cluster up fetches it)"
	export GOMODCACHE=$GO_ROOM/mod GOCACHE=$GO_ROOM/build GOFLAGS=-modcacherw GOWORK=off CGO_ENABLED=0
	say "building Kubernetes $KV, etcd $ETCD_V and KWOK $KWOK_V once into $CACHE (10-20 minutes on two cores, up to 12 GB while it builds)"
	[ -x "$ETCD" ] || build_etcd
	[ -x "$KWOK/bin/kwok" ] && [ -f "$KWOK/stages.yaml" ] || build_kwok
	kubernetes_built || build_kubernetes
	if [ "${AUTO_DEVOPS_CLEAN_GO:-}" = 1 ] || [ "$(df --output=avail -k "$CACHE" | tail -n 1)" -lt 20000000 ]; then
		say "deleting Go's module and build caches in $GO_ROOM"
		rm -rf "$GO_ROOM"
	fi
}
