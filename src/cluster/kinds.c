/* The table of built-in kinds and how people name them. */
#include "cluster/inventory.h"

#include <strings.h>

const struct kind kind_table[KIND_CUSTOM] = {
#define KIND(id, group, version, kind, plural, shorts, namespaced, message) {KIND_##id, group, version, kind, plural, shorts, namespaced, message},
#include "cluster/kinds.def"
#undef KIND
};

static bool short_name_matches(const char *shorts, const char *name, size_t len)
{
	while (*shorts) {
		size_t n = strcspn(shorts, " ,");
		if (n == len && strncasecmp(shorts, name, len) == 0)
			return true;
		shorts += n;
		shorts += strspn(shorts, " ,");
	}
	return false;
}

static bool text_matches(const char *text, const char *name, size_t len)
{
	return strncasecmp(text, name, len) == 0 && text[len] == '\0';
}

const struct kind *kind_by_name(const char *name)
{
	if (!name || !*name)
		return NULL;
	const char *dot = strchr(name, '.');
	size_t len = dot ? (size_t)(dot - name) : strlen(name);
	const char *group = dot ? dot + 1 : NULL;
	for (size_t i = 0; i < KIND_CUSTOM; i++) {
		const struct kind *k = &kind_table[i];
		if (group && strcasecmp(group, k->group) != 0)
			continue;
		/* The singular name of every built-in kind is its kind in lower case. */
		if (text_matches(k->name, name, len) || text_matches(k->plural, name, len) || short_name_matches(k->shorts, name, len))
			return k;
	}
	return NULL;
}

/* Whether objects of this older version have the fields that the table's version has. Ingress (networking.k8s.io/v1beta1) and
 * HorizontalPodAutoscaler (autoscaling/v1, v2beta1) have not: they are read as custom kinds rather than misread. */
static bool version_is_compatible(const struct kind *k, const char *version, size_t len)
{
	if (strlen(k->version) == len && strncmp(k->version, version, len) == 0)
		return true;
	if (k->id == KIND_INGRESS || k->id == KIND_HORIZONTAL_POD_AUTOSCALER)
		return false;
	size_t n = strlen(k->version);
	return len > n && strncmp(version, k->version, n) == 0 && (strncmp(version + n, "beta", 4) == 0 || strncmp(version + n, "alpha", 5) == 0);
}

const struct kind *kind_by_gvk(const char *api_version, const char *kind)
{
	if (!api_version || !kind)
		return NULL;
	const char *slash = strchr(api_version, '/');
	size_t group_len = slash ? (size_t)(slash - api_version) : 0;
	const char *version = slash ? slash + 1 : api_version;
	if (group_len == strlen("events.k8s.io") && strncmp(api_version, "events.k8s.io", group_len) == 0 && str_eq(kind, "Event"))
		return &kind_table[KIND_EVENT];
	for (size_t i = 0; i < KIND_CUSTOM; i++) {
		const struct kind *k = &kind_table[i];
		if (strlen(k->group) == group_len && strncmp(k->group, api_version, group_len) == 0 && str_eq(k->name, kind) &&
		    version_is_compatible(k, version, strlen(version)))
			return k;
	}
	return NULL;
}
