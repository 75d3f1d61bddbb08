/* exec_plugin: runs a kubeconfig's credential plugin and reads the ExecCredential it prints.
 *
 * Protocol: kubernetes.io/docs/reference/access-authn-authz/authentication (client-go credential plugins), v1 and v1beta1. The
 * program is started directly, never through a shell, with KUBERNETES_EXEC_INFO in its environment; its output is
 * bounded, its time is bounded unless it may ask a person, and its own error text is shown when it fails.
 * Thread rule: any thread; the arena belongs to the caller. */
#ifndef CLUSTER_EXEC_PLUGIN_H
#define CLUSTER_EXEC_PLUGIN_H

#include "cluster/kubeconfig.h"

#define EXEC_PLUGIN_TIMEOUT (60 * USEC_PER_SEC)
#define EXEC_PLUGIN_MAX_OUTPUT ((size_t)1 << 20)

struct exec_credential {
	const char *token;         /* or NULL */
	struct http_pem cert, key; /* both or neither */
	usec_t expires;            /* 0 = not before the server says 401 */
};

/* k->exec is the plugin, k's cluster is told to it when it asks (provideClusterInfo). ERR_UNAUTHENTICATED naming the plugin. */
int exec_plugin_run(const struct ctx *ctx, struct arena *a, const struct kubeconfig *k, struct exec_credential *ret, struct err *err);

#endif
