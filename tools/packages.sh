# Packages: what each ./dev call needs, by system. Sourced by ./dev; it defines data and the functions that
# look at it, and installs only through the system's own package manager.
#
# An entry is `package`, `package|alternative` (the first that the system offers) or `package@command` (nothing is
# installed when that command is there already, wherever it came from).
# shellcheck shell=bash disable=SC2034

# Compiler, build tool and every library that the program links.
DEB_build="gcc@gcc g++@g++ libc6-dev meson@meson ninja-build@ninja pkg-config@pkg-config python3@python3 ca-certificates
	libcurl4-openssl-dev libssl-dev libsimdjson-dev libyaml-dev libzstd-dev libarchive-dev libedit-dev
	libpcre2-dev libutf8proc-dev libcmocka-dev"
DEB_venv="python3@python3 python3-venv ca-certificates openssl@openssl zstd@zstd"
DEB_lint="clang@clang libclang-rt-14-dev|libclang-rt-18-dev|libclang-rt-19-dev|libclang-common-14-dev clang-format@clang-format
	clang-tidy@clang-tidy cppcheck@cppcheck shellcheck@shellcheck"
DEB_fuzz="clang@clang llvm@llvm-symbolizer libclang-rt-14-dev|libclang-rt-18-dev|libclang-rt-19-dev|libclang-common-14-dev"
DEB_sanitize="libasan8|libasan6 libubsan1 libtsan2|libtsan0 util-linux"
DEB_cluster="containerd@containerd runc@runc containernetworking-plugins busybox-static@busybox iproute2@ip iptables@iptables
	nftables@nft util-linux@unshare mount@mount procps@ps openssl@openssl curl@curl jq@jq ca-certificates conntrack@conntrack
	kmod@modprobe e2fsprogs@mkfs.ext4 zip@zip unzip@unzip"
# Only used where no Go of GO_VERSION or later is installed: it fetches the pinned toolchain (tools/go.sh).
DEB_go="golang-go@go ca-certificates"
DEB_bench="curl@curl time"

RPM_build="gcc gcc-c++ meson ninja-build pkgconf-pkg-config python3 libcurl-devel openssl-devel simdjson-devel libyaml-devel
	libzstd-devel libarchive-devel libedit-devel pcre2-devel utf8proc-devel libcmocka-devel"
RPM_venv="python3 openssl zstd"
RPM_lint="clang compiler-rt clang-tools-extra cppcheck ShellCheck"
RPM_fuzz="clang compiler-rt llvm"
RPM_sanitize="libasan libubsan libtsan"
RPM_cluster="containerd runc containernetworking-plugins busybox iproute iptables nftables util-linux procps-ng openssl curl jq conntrack-tools kmod"
RPM_go="golang"
RPM_bench="curl time"

BREW_build="meson ninja pkgconf python@3 curl openssl@3 simdjson libyaml zstd libarchive libedit pcre2 utf8proc cmocka"
BREW_venv="python@3 openssl@3 zstd"
BREW_lint="llvm clang-format cppcheck shellcheck"
BREW_fuzz="llvm"
BREW_sanitize="llvm"
BREW_cluster=""
BREW_go="go"
BREW_bench="curl"

# Prints debian, rpm, brew or unknown.
system_family()
{
	local id="" like=""
	if [ "$(uname -s)" = Darwin ]; then
		echo brew
		return
	fi
	if [ -r /etc/os-release ]; then
		id=$(. /etc/os-release && echo "${ID:-}")
		like=$(. /etc/os-release && echo "${ID_LIKE:-}")
	fi
	case " $id $like " in
	*" debian "* | *" ubuntu "*) echo debian ;;
	*" fedora "* | *" rhel "* | *" centos "*) echo rpm ;;
	*) echo unknown ;;
	esac
}

deb_installed()
{
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

deb_offered()
{
	local candidate
	candidate=$(apt-cache policy "$1" 2>/dev/null | sed -n 's/^  Candidate: //p')
	[ -n "$candidate" ] && [ "$candidate" != "(none)" ]
}

# Prints the entries of "$@" that are not satisfied, alternatives unresolved.
deb_missing()
{
	local entry package command alternative found
	for entry in "$@"; do
		package=${entry%@*}
		command=${entry#"$package"}
		command=${command#@}
		if [ -n "$command" ] && command -v "$command" >/dev/null 2>&1; then
			continue
		fi
		found=""
		for alternative in ${package//|/ }; do
			if deb_installed "$alternative"; then
				found=1
				break
			fi
		done
		[ -n "$found" ] || echo "$package"
	done
}

# For each missing entry prints the first alternative that apt offers.
deb_resolve()
{
	local entry alternative found
	for entry in "$@"; do
		found=""
		for alternative in ${entry//|/ }; do
			if deb_offered "$alternative"; then
				found=$alternative
				break
			fi
		done
		[ -n "$found" ] || die 2 "apt offers none of: ${entry//|/, } (is the \"universe\" / \"main\" component enabled?)"
		echo "$found"
	done
}

as_root()
{
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo >/dev/null 2>&1; then
		sudo "$@"
	else
		die 2 "this needs root or sudo: $*"
	fi
}

deb_need()
{
	local missing resolved lock
	# The words are lists on purpose.
	# shellcheck disable=SC2086,SC2046
	missing=$(deb_missing $(for set in "$@"; do
		name="DEB_$set"
		echo "${!name}"
	done) | sort -u)
	[ -n "$missing" ] || return 0
	# One at a time: two calls of ./dev may run side by side. flock is part of every Debian.
	exec {lock}>"$CACHE/apt.lock"
	flock "$lock"
	say "installing with apt: $(echo "$missing" | tr '\n' ' ')"
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq update || say "apt-get update had problems; going on with the lists that are there"
	# shellcheck disable=SC2086
	resolved=$(deb_resolve $missing) || exit $?
	# shellcheck disable=SC2086
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends -o Dpkg::Use-Pty=0 install $resolved </dev/null >"$LOG_DIR/apt.log" 2>&1 ||
		{
			tail -n 20 "$LOG_DIR/apt.log" >&2
			die 2 "apt-get could not install: $(echo "$resolved" | tr '\n' ' ')"
		}
	exec {lock}>&-
}

# On systems where ./dev installs nothing: stop with the exact packages when some are missing.
rpm_need()
{
	local set name entry alternative found missing=""
	for set in "$@"; do
		name="RPM_$set"
		for entry in ${!name}; do
			found=""
			for alternative in ${entry//|/ }; do
				rpm -q "$alternative" >/dev/null 2>&1 && found=1
			done
			[ -n "$found" ] || missing="$missing ${entry%%|*}"
		done
	done
	[ -z "$missing" ] || die 2 "this system is not one that ./dev installs on. Install these first (RHEL 9: enable CRB and EPEL), then call again:
  sudo dnf install$missing"
}

brew_need()
{
	local set name entry missing=""
	for set in "$@"; do
		name="BREW_$set"
		[ "$set" != cluster ] || die 2 "the test cluster needs Linux (namespaces, containerd, a kubelet)"
		for entry in ${!name}; do
			brew list --versions "$entry" >/dev/null 2>&1 || missing="$missing $entry"
		done
	done
	[ -z "$missing" ] || die 2 "this system is not one that ./dev installs on. Install these first, then call again:
  brew install$missing"
}

# need SET...: makes sure that the packages of these sets are there, or stops with exit code 2.
need()
{
	case "$(system_family)" in
	debian) deb_need "$@" ;;
	rpm) rpm_need "$@" ;;
	brew) brew_need "$@" ;;
	*)
		command -v meson >/dev/null 2>&1 && command -v cc >/dev/null 2>&1 && return 0
		die 2 "unknown system. ./dev installs on Debian 12/13 and Ubuntu 22.04/24.04; the packages it would install there:
$(for set in "$@"; do
			name="DEB_$set"
			echo "${!name}"
		done | sed 's/@[^ ]*//g')"
		;;
	esac
}
