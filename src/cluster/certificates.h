/* certificates: what certificates the cluster's servers really show, and (when asked for) what its TLS Secrets hold.
 *
 * Each becomes an object of the kind ProbedCertificate (group PROBED_GROUP) in the inventory, as if the cluster had it: so checks read it,
 * evidence points at its fields, and snapshots carry it like any other. It holds names and dates, never a key:
 *   spec:   {source: {kind, namespace, name}, where: "port 443", serverName, address}
 *   status: {subject, issuer, names, notBefore, notAfter}, of the certificate of the chain that is first to expire; or {error}
 * The API server's certificate costs nothing (its connection is there) and is always read, as is the client certificate of the kubeconfig.
 * Services and Ingresses are called only with cluster_options.probe_certificates, each with a TLS handshake and nothing more; Secrets of the
 * type kubernetes.io/tls are read only with cluster_options.read_tls_secrets, and their keys are dropped as they come.
 * Limits: PROBE_MAX servers, PROBE_TIMEOUT each, PROBE_PARALLEL at a time; SECRET_PAGES_MAX pages of Secrets.
 * Thread rule: the thread that opens the cluster, before its inventory is sealed. */
#ifndef CLUSTER_CERTIFICATES_H
#define CLUSTER_CERTIFICATES_H

#include "cluster/cluster.h"

#define PROBED_GROUP "auto-devops.io"
#define PROBED_KIND "ProbedCertificate"
#define PROBE_MAX 256
#define PROBE_PARALLEL 16
#define PROBE_TIMEOUT (3 * USEC_PER_SEC)

/* Where a certificate was found. Strings are copied. */
struct certificate_source {
	const char *kind, *ns, *name; /* "Service", "Ingress", "Secret", "APIServer", "Kubeconfig" */
	const char *where;            /* "port 443", "tls.crt", "client-certificate" */
	const char *server_name;      /* the name it was asked for; "" when none */
	const char *address;          /* "10.96.0.7:443"; "" when not called */
};

/* Adds the certificates of a PEM text; what cannot be read becomes status.error. */
int certificates_add(struct inventory *inv, const struct certificate_source *source, const char *pem, size_t len, const char *error, struct err *err);

#endif
