# Certificate authority, serving and client certificates, kubeconfigs. Sourced by `bed`.
# shellcheck shell=bash

# make_cert NAME SUBJECT [ALTERNATIVE-NAMES]
make_cert() {
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "$2" -keyout "$PKI/$1.key" -out "$PKI/$1.csr" 2>/dev/null
	openssl x509 -req -in "$PKI/$1.csr" -CA "$PKI/ca.crt" -CAkey "$PKI/ca.key" -CAcreateserial -days 30 -out "$PKI/$1.crt" \
		-extfile <(printf 'extendedKeyUsage=serverAuth,clientAuth\nkeyUsage=digitalSignature\n%s\n' "${3:+subjectAltName=$3}") 2>/dev/null
	rm -f "$PKI/$1.csr"
}

# make_expired_cert NAME SUBJECT ALTERNATIVE-NAMES: its last day was in 2021. openssl x509 cannot choose the days; openssl ca can.
make_expired_cert() {
	local d=$PKI/ca-db
	mkdir -p "$d"; : >"$d/index.txt"; echo 1000 >"$d/serial"
	printf '[ca]\ndefault_ca=d\n[d]\ndatabase=%s/index.txt\nserial=%s/serial\nnew_certs_dir=%s\ndefault_md=sha256\npolicy=p\nunique_subject=no\n[p]\ncommonName=supplied\n' \
		"$d" "$d" "$d" >"$d/conf"
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "$2" -keyout "$PKI/$1.key" -out "$PKI/$1.csr" 2>/dev/null
	openssl ca -batch -config "$d/conf" -cert "$PKI/ca.crt" -keyfile "$PKI/ca.key" -in "$PKI/$1.csr" -out "$PKI/$1.crt" -notext \
		-startdate 20200101000000Z -enddate 20210101000000Z -extfile <(printf 'extendedKeyUsage=serverAuth\nsubjectAltName=%s\n' "$3") 2>/dev/null
	rm -rf "$PKI/$1.csr" "$d"
}

# make_kubeconfig NAME: the user's certificate of that name.
make_kubeconfig() {
	cat >"$BED/$1.kubeconfig" <<-Y
	apiVersion: v1
	kind: Config
	clusters: [{name: bed, cluster: {server: "https://127.0.0.1:6443", certificate-authority-data: $(base64 -w0 "$PKI/ca.crt")}}]
	users: [{name: $1, user: {client-certificate-data: $(base64 -w0 "$PKI/$1.crt"), client-key-data: $(base64 -w0 "$PKI/$1.key")}}]
	contexts: [{name: bed, context: {cluster: bed, user: $1}}]
	current-context: bed
	Y
}

make_pki() {
	local u
	[ -f "$BED/proxy.kubeconfig" ] && return
	mkdir -p "$PKI"; chmod 700 "$PKI"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=bed-ca -keyout "$PKI/ca.key" -out "$PKI/ca.crt" \
		-addext basicConstraints=critical,CA:true -addext keyUsage=critical,keyCertSign,cRLSign 2>/dev/null
	make_cert apiserver /CN=kube-apiserver "IP:127.0.0.1,IP:$NODE_IP,IP:10.96.0.1,DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,DNS:api.bed.example"
	make_cert apiserver-kubelet /O=system:masters/CN=apiserver-kubelet
	make_cert admin /O=system:masters/CN=admin
	make_cert controller-manager /CN=system:kube-controller-manager
	make_cert scheduler /CN=system:kube-scheduler
	make_cert kubelet "/O=system:nodes/CN=system:node:$NODE" "IP:$NODE_IP,DNS:$NODE"
	make_cert proxy /CN=system:kube-proxy
	make_cert webhook /CN=webhook "IP:$NODE_IP"
	make_expired_cert expired /CN=webhook "IP:$NODE_IP"
	openssl genrsa -out "$PKI/sa.key" 2048 2>/dev/null
	openssl rsa -in "$PKI/sa.key" -pubout -out "$PKI/sa.pub" 2>/dev/null
	umask 077
	for u in admin controller-manager scheduler kubelet proxy; do make_kubeconfig $u; done
	umask 022
}
