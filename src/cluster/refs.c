/* References of a pod spec to ConfigMaps, Secrets, claims and its service account: one walk for all who ask. */
#include "cluster/views.h"

struct walk {
	const char *prefix;
	struct arena *a;
	int (*fn)(void *arg, const struct pod_ref *ref);
	void *arg;
};

const char *ref_use_text(enum ref_use use)
{
	static const char *const text[] = {
		[REF_VOLUME] = "a volume",  [REF_PROJECTED] = "a projected volume",  [REF_ENV] = "an environment variable",
		[REF_ENV_FROM] = "envFrom", [REF_PULL_SECRET] = "imagePullSecrets",  [REF_SERVICE_ACCOUNT] = "its service account",
		[REF_CLAIM] = "a volume",   [REF_DRIVER_SECRET] = "a volume driver",
	};
	return text[use];
}

#define PATH(w, ...) ((w)->a ? arena_printf((w)->a, __VA_ARGS__) : NULL)

static int give(struct walk *w, enum kind_id kind, enum ref_use use, const char *name, const char *key, bool optional, const char *container,
		const char *path)
{
	if (!*name)
		return 0;
	struct pod_ref ref = {.kind = kind, .use = use, .name = name, .key = key, .optional = optional, .container = container, .path = path};
	return w->fn(w->arg, &ref);
}

/* The keys that a volume's items list names must exist; without items, none in particular. */
static int give_items(struct walk *w, enum kind_id kind, enum ref_use use, const struct value *source, const char *name, const char *path)
{
	const struct value *items = value_get(source, "items");
	bool optional = value_get_bool(source, "optional", false);
	int r = 0;
	if (value_len(items) == 0)
		return give(w, kind, use, name, NULL, optional, "", path);
	for (value_each(item, items))
		if ((r = give(w, kind, use, name, value_get_str(item, "key"), optional, "", path)))
			return r;
	return 0;
}

static int walk_projected(struct walk *w, const struct value *volume, uint32_t i)
{
	uint32_t j = 0;
	int r = 0;
	for (value_each(source, value_at(volume, "projected.sources"))) {
		const struct value *map = value_get(source, "configMap"), *secret = value_get(source, "secret");
		if (map)
			r = give_items(w, KIND_CONFIG_MAP, REF_PROJECTED, map, value_get_str(map, "name"),
				       PATH(w, "%s.volumes[%u].projected.sources[%u].configMap.name", w->prefix, i, j));
		else if (secret)
			r = give_items(w, KIND_SECRET, REF_PROJECTED, secret, value_get_str(secret, "name"),
				       PATH(w, "%s.volumes[%u].projected.sources[%u].secret.name", w->prefix, i, j));
		if (r)
			return r;
		j++;
	}
	return 0;
}

static int walk_volumes(struct walk *w, const struct value *spec)
{
	static const char *const with_secret[] = {"csi", "rbd", "cephfs", "flexVolume", "iscsi", "scaleIO", "storageos", "azureFile", NULL};
	uint32_t i = 0;
	int r = 0;
	for (value_each(v, value_get(spec, "volumes"))) {
		const struct value *map = value_get(v, "configMap"), *secret = value_get(v, "secret");
		const struct value *claim = value_get(v, "persistentVolumeClaim");
		if (map)
			r = give_items(w, KIND_CONFIG_MAP, REF_VOLUME, map, value_get_str(map, "name"),
				       PATH(w, "%s.volumes[%u].configMap.name", w->prefix, i));
		else if (secret)
			r = give_items(w, KIND_SECRET, REF_VOLUME, secret, value_get_str(secret, "secretName"),
				       PATH(w, "%s.volumes[%u].secret.secretName", w->prefix, i));
		else if (claim)
			r = give(w, KIND_PERSISTENT_VOLUME_CLAIM, REF_CLAIM, value_get_str(claim, "claimName"), NULL, false, "",
				 PATH(w, "%s.volumes[%u].persistentVolumeClaim.claimName", w->prefix, i));
		else if (value_get(v, "projected"))
			r = walk_projected(w, v, i);
		for (const char *const *k = with_secret; !r && *k; k++) {
			const struct value *driver = value_get(v, *k);
			const struct value *ref = value_get(driver, str_eq(*k, "csi") ? "nodePublishSecretRef" : "secretRef");
			const char *name = ref ? value_get_str(ref, "name") : value_get_str(driver, "secretName");
			if (driver)
				r = give(w, KIND_SECRET, REF_DRIVER_SECRET, name, NULL, false, "", PATH(w, "%s.volumes[%u].%s", w->prefix, i, *k));
		}
		if (r)
			return r;
		i++;
	}
	return 0;
}

static int walk_env(struct walk *w, const struct value *container, const char *list, uint32_t i)
{
	const char *name = value_get_str(container, "name");
	uint32_t j = 0;
	int r = 0;
	for (value_each(e, value_get(container, "env"))) {
		const struct value *from = value_get(e, "valueFrom");
		const struct value *map = value_get(from, "configMapKeyRef"), *secret = value_get(from, "secretKeyRef");
		const struct value *ref = map ? map : secret;
		if (ref)
			r = give(w, map ? KIND_CONFIG_MAP : KIND_SECRET, REF_ENV, value_get_str(ref, "name"), value_get_str(ref, "key"),
				 value_get_bool(ref, "optional", false), name,
				 PATH(w, "%s.%s[%u].env[%u].valueFrom.%s.name", w->prefix, list, i, j, map ? "configMapKeyRef" : "secretKeyRef"));
		if (r)
			return r;
		j++;
	}
	j = 0;
	for (value_each(e, value_get(container, "envFrom"))) {
		const struct value *map = value_get(e, "configMapRef"), *secret = value_get(e, "secretRef");
		const struct value *ref = map ? map : secret;
		if (ref)
			r = give(w, map ? KIND_CONFIG_MAP : KIND_SECRET, REF_ENV_FROM, value_get_str(ref, "name"), NULL,
				 value_get_bool(ref, "optional", false), name,
				 PATH(w, "%s.%s[%u].envFrom[%u].%s.name", w->prefix, list, i, j, map ? "configMapRef" : "secretRef"));
		if (r)
			return r;
		j++;
	}
	return 0;
}

int pod_refs_each(const struct value *pod_spec, const char *prefix, struct arena *a, int (*fn)(void *arg, const struct pod_ref *ref), void *arg)
{
	static const char *const lists[] = {"initContainers", "containers", "ephemeralContainers"};
	struct walk w = {.prefix = prefix, .a = a, .fn = fn, .arg = arg};
	int r = walk_volumes(&w, pod_spec);
	for (size_t k = 0; !r && k < ARRAY_LEN(lists); k++) {
		uint32_t i = 0;
		for (value_each(c, value_get(pod_spec, lists[k]))) {
			if ((r = walk_env(&w, c, lists[k], i++)))
				return r;
		}
	}
	uint32_t i = 0;
	for (value_each(s, value_get(pod_spec, "imagePullSecrets"))) {
		if (r)
			return r;
		r = give(&w, KIND_SECRET, REF_PULL_SECRET, value_get_str(s, "name"), NULL, true, "",
			 PATH(&w, "%s.imagePullSecrets[%u].name", prefix, i));
		i++;
	}
	if (r)
		return r;
	return give(&w, KIND_SERVICE_ACCOUNT, REF_SERVICE_ACCOUNT, value_get_str(pod_spec, "serviceAccountName"), NULL, false, "",
		    PATH(&w, "%s.serviceAccountName", prefix));
}
