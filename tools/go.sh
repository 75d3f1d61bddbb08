# Go for building the test cluster's programs. Sourced by ./dev.
# shellcheck shell=bash

# k8s.io/kubernetes 1.37 asks for this one or a later one.
GO_VERSION=1.26.8

# True when $1 (a go command) is at least GO_VERSION's minor version.
go_is_new_enough()
{
	local have want=${GO_VERSION#*.}
	have=$(GOTOOLCHAIN=local "$1" env GOVERSION 2>/dev/null) || return 1
	have=${have#go1.}
	have=${have%%[!0-9]*}
	[ -n "$have" ] && [ "$have" -ge "${want%%.*}" ]
}

# Puts a Go of GO_VERSION's minor version or later first in PATH. Where there is none, the distribution's older Go
# fetches the Go project's own toolchain module (checked against the public checksum database) into the cache.
need_go()
{
	local go dir arch
	for go in "$(command -v go || true)" /usr/local/go/bin/go "$CACHE/go-$GO_VERSION/bin/go"; do
		if [ -n "$go" ] && [ -x "$go" ] && go_is_new_enough "$go"; then
			PATH="$(dirname "$go"):$PATH"
			export PATH GOTOOLCHAIN=local
			return 0
		fi
	done
	need go
	say "fetching Go $GO_VERSION through the Go module proxy into $CACHE"
	arch=$(go env GOARCH)
	dir=$(cd / && GOFLAGS=-modcacherw GOMODCACHE="$CACHE/go-mod" GOTOOLCHAIN=local go mod download -json "golang.org/toolchain@v0.0.1-go$GO_VERSION.linux-$arch" |
		sed -n 's/^.*"Dir": "\(.*\)".*$/\1/p')
	[ -n "$dir" ] && [ -d "$dir" ] ||
		die 2 "could not fetch Go $GO_VERSION. The cluster tests need Go 1.${GO_VERSION#*.} or later in PATH: install it from your distribution or from the Go project"
	rm -rf "$CACHE/go-$GO_VERSION"
	mv "$dir" "$CACHE/go-$GO_VERSION"
	# The module format keeps no execute bits.
	chmod -R u+x "$CACHE/go-$GO_VERSION/bin" "$CACHE/go-$GO_VERSION/pkg/tool"
	rm -rf "$CACHE/go-mod"
	go_is_new_enough "$CACHE/go-$GO_VERSION/bin/go" || die 2 "the Go that was fetched does not run: $CACHE/go-$GO_VERSION/bin/go"
	export PATH="$CACHE/go-$GO_VERSION/bin:$PATH" GOTOOLCHAIN=local
}
