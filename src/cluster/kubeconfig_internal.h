/* Between kubeconfig.c (files, merging, choosing) and kubeconfig_fields.c (what stands in one entry). */
#ifndef CLUSTER_KUBECONFIG_INTERNAL_H
#define CLUSTER_KUBECONFIG_INTERNAL_H

#include "cluster/kubeconfig.h"

struct config_file {
	const char *path;
	const char *dir; /* what relative paths start from; NULL = read no other file (kubeconfig_check_text) */
	const struct value *root;
};

/* One named entry of clusters, users or contexts, with enough to name its fields in messages. */
struct config_entry {
	struct arena *a;
	const struct config_file *file;
	const char *list, *inner; /* "clusters", "cluster" */
	const char *name;
	uint32_t index;
	const struct value *v; /* the inner map; NULL when there is none */
};

/* "FILE: clusters[0].cluster.server" in the entry's arena. */
const char *entry_field(const struct config_entry *e, const char *key);
/* A string member, *ret NULL when absent, null or empty. ERR_INPUT for another type. */
int entry_text(const struct config_entry *e, const char *key, const char **ret, struct err *err);
int entry_bool(const struct config_entry *e, const char *key, bool *ret, struct err *err);
/* Fills ret's cluster fields, or its user fields. */
int cluster_entry_read(const struct config_entry *e, struct kubeconfig *ret, struct err *err);
int user_entry_read(const struct config_entry *e, struct kubeconfig *ret, struct err *err);
/* Reads a PEM file into ret. */
int pem_file_read(struct arena *a, const char *path, const char *field, bool is_key, struct http_pem *ret, struct err *err);

#endif
