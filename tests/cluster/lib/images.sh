# Container images made by hand, because no registry is at hand: a busybox and the pods' sandbox. Sourced by `bed`.
# shellcheck shell=bash

# pack_image NAME ROOT-FOLDER ENTRYPOINT-JSON OUT.tar: an OCI archive of one layer.
pack_image() {
	local d=$BED/images/oci layer config manifest sizes
	rm -rf "$d"; mkdir -p "$d/blobs/sha256"
	blob() { local h; h=$(sha256sum <"$1" | cut -d' ' -f1); mv "$1" "$d/blobs/sha256/$h"; echo "$h"; }
	tar --numeric-owner --owner=0 --group=0 --mtime=@0 --sort=name -C "$2" -cf "$d/layer" .
	sizes=$(stat -c %s "$d/layer"); layer=$(blob "$d/layer")
	printf '{"architecture":"%s","os":"linux","config":{"Entrypoint":%s,"Env":["PATH=/bin"]},"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' \
		"$IMAGE_ARCH" "$3" "$layer" >"$d/config"
	manifest=$(stat -c %s "$d/config"); config=$(blob "$d/config")
	printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:%s","size":%s},"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"sha256:%s","size":%s}]}' \
		"$config" "$manifest" "$layer" "$sizes" >"$d/manifest"
	sizes=$(stat -c %s "$d/manifest"); manifest=$(blob "$d/manifest")
	printf '{"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:%s","size":%s,"annotations":{"io.containerd.image.name":"%s"}}]}' \
		"$manifest" "$sizes" "$1" >"$d/index.json"
	echo '{"imageLayoutVersion":"1.0.0"}' >"$d/oci-layout"
	tar -C "$d" -cf "$4" oci-layout index.json blobs
	rm -rf "$d"
}

make_images() {
	local root=$BED/images/root a
	mkdir -p "$BED/images" "$LOGS" "$RUN"
	case $(uname -m) in aarch64) IMAGE_ARCH=arm64 ;; *) IMAGE_ARCH=amd64 ;; esac
	[ -x "$BED/init" ] || gcc -Os -static -s -o "$BED/init" "$here/lib/init.c"
	[ -f "$BED/images/foreign.tar" ] && return
	mkdir -p "$root/bin" "$root/tmp" "$root/etc" "$root/root"
	cp "$(command -v busybox)" "$root/bin/busybox"
	for a in $(busybox --list); do [ "$a" = busybox ] || ln -sf busybox "$root/bin/$a"; done
	echo root:x:0:0:root:/root:/bin/sh >"$root/etc/passwd"; echo root:x:0: >"$root/etc/group"; chmod 1777 "$root/tmp"
	pack_image docker.io/library/busybox:1.35 "$root" null "$BED/images/busybox.tar"
	rm -rf "$root"; mkdir -p "$root"; cp "$BED/init" "$root/pause"
	pack_image registry.k8s.io/pause:3.10 "$root" '["/pause"]' "$BED/images/pause.tar"
	# A program for another processor, in an image that says that it is for this one: what counts is the machine in the ELF header (byte 18).
	rm -rf "$root"; mkdir -p "$root/bin"
	cp "$BED/init" "$root/bin/serve"
	case $IMAGE_ARCH in arm64) printf '\x3e' ;; *) printf '\xb7' ;; esac | dd of="$root/bin/serve" bs=1 seek=18 conv=notrunc 2>/dev/null
	pack_image docker.io/library/foreign:1.0 "$root" '["/bin/serve"]' "$BED/images/foreign.tar"
	rm -rf "$root"
}
