/* kubeconfig: which cluster, as whom: read as kubectl reads it, or from a pod's service account.
 *
 * Precedence (k8s.io/client-go tools/clientcmd): --kubeconfig names the only file, else KUBECONFIG's list (missing files are skipped;
 * the first file that has a named cluster, user or context wins whole; the first current-context wins), else ~/.kube/config;
 * when none of these has anything, the service account of the pod this runs in. Options override the result.
 * Relative paths in a file are relative to that file's folder. Certificates and keys are read and checked here, so that every
 * message names file and field: "FILE: users[2].user.client-key: ...".
 * Nothing is executed here: an exec plugin is only described (cluster/exec_plugin.h runs it).
 * Ownership: everything lives in the arena given. Thread rule: the arena's. */
#ifndef CLUSTER_KUBECONFIG_H
#define CLUSTER_KUBECONFIG_H

#include "cluster/cluster.h"
#include "net/http_client.h"

#define KUBECONFIG_MAX ((size_t)8 << 20) /* bytes of one file, and of one certificate or token file */
#define SERVICE_ACCOUNT_DIR "/var/run/secrets/kubernetes.io/serviceaccount"

enum exec_interactive { EXEC_NEVER, EXEC_IF_AVAILABLE, EXEC_ALWAYS };

/* users[].user.exec: a program that prints an ExecCredential. */
struct exec_plugin {
	const char *from;         /* "FILE: users[0].user.exec", for messages */
	const char *api_version;  /* "client.authentication.k8s.io/v1" or ".../v1beta1" */
	const char *command;      /* absolute when it was relative with a slash; else looked up in PATH */
	const char *const *args;  /* NULL-terminated, without the command */
	const char *const *env;   /* "NAME=VALUE", NULL-terminated, on top of this process's */
	const char *install_hint; /* or NULL */
	bool provide_cluster_info;
	enum exec_interactive interactive;
	const struct value *cluster_config; /* the cluster's extension "client.authentication.k8s.io/exec", or NULL */
};

struct kubeconfig {
	const char *from;    /* the files, or the service account's folder */
	const char *context; /* "" when there is none; "in-cluster" in a pod */
	const char *cluster, *user;
	const char *ns;                          /* the context's namespace, "default" when it names none */
	const char *server;                      /* "https://host:6443/base": with scheme, without trailing slash */
	const char *tls_server_name, *proxy_url; /* or NULL */
	bool insecure, disable_compression, in_cluster;
	struct http_pem ca, cert, key;
	const char *token, *token_file;  /* both may be set: the file wins while it can be read */
	const char *username, *password; /* or NULL */
	const struct exec_plugin *exec;  /* or NULL */
	const char *as, *as_uid;         /* impersonation, or NULL */
	const char *const *as_groups;    /* NULL-terminated, or NULL */
	const char *const *as_extra;     /* key, value, key, value ... NULL; or NULL */
};

/* service_account_dir: NULL = SERVICE_ACCOUNT_DIR. ERR_NOT_FOUND when there is nothing to read, ERR_INPUT for a broken file, ERR_USAGE
 * when a named context, cluster or user does not exist. */
int kubeconfig_load(struct arena *a, const struct cluster_options *o, const char *service_account_dir, struct kubeconfig *ret, struct err *err);

/* One kubeconfig's text, parsed and every cluster and user checked, without opening the files they name; for the fuzzer and tests. */
int kubeconfig_check_text(struct arena *a, const char *name, const char *text, size_t len, struct err *err);

#endif
