/* The schemas of Kubernetes messages: schema_tables.c holds them (generated), schema.c finds one.
 *
 * A single object and the items of its List share one schema: that of the kind. Thread rule: constant data. */
#ifndef CLUSTER_SCHEMA_H
#define CLUSTER_SCHEMA_H

#include "format/schema.h"

/* Metadata of any object: what Secrets are read as; with the names of data keys in managedFields[].fieldsV1["f:data"]. */
#define SCHEMA_PARTIAL_METADATA "k8s.io.apimachinery.pkg.apis.meta.v1.PartialObjectMetadata"
/* A Secret in a file: key names with null values, never a value. */
#define SCHEMA_SECRET "k8s.io.api.core.v1.Secret"
/* An API server's error answer. */
#define SCHEMA_STATUS "k8s.io.apimachinery.pkg.apis.meta.v1.Status"
#define SCHEMA_CRD "k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition"
#define SCHEMA_API_SERVICE "k8s.io.kube_aggregator.pkg.apis.apiregistration.v1.APIService"
#define SCHEMA_NODE_METRICS "k8s.io.metrics.pkg.apis.metrics.v1beta1.NodeMetrics"
#define SCHEMA_POD_METRICS "k8s.io.metrics.pkg.apis.metrics.v1beta1.PodMetrics"

/* By full name ("k8s.io.api.core.v1.Pod", as in kind_table[].message); NULL when there is none (or name is NULL). */
const struct message *schema_find(const char *message_name);

extern const struct message *const schema_roots[]; /* ordered by name */
extern const size_t schema_root_count;

#endif
