/* Masking a Kubernetes object: a walk over its tree that knows where names and values stand apart. Parts without a finding are
 * shared with the original. */
#include "mask/mask_internal.h"

struct walk {
	const struct masker *m;
	struct arena *a;
	bool custom; /* every member is name and value */
};

static bool mask_value(const struct walk *w, const struct value *v, bool named, struct value *ret);

static bool put_text(const struct value *v, struct masked_text t, struct value *ret)
{
	*ret = *v;
	if (t.text == v->s)
		return false;
	ret->s = t.text;
	ret->len = (uint32_t)t.len;
	return true;
}

/* In custom resources "secret: web-tls" and "targetSecret: web-tls" are references, unlike "clientSecret: ...". */
static bool names_secret(const char *name, const struct value *v)
{
	static const char *const owners[] = {"clientSecret", "sharedSecret", "webhookSecret", "consumerSecret", "appSecret", "tokenSecret"};
	size_t n = strlen(name);

	for (size_t i = 0; i < ARRAY_LEN(owners); i++)
		if (str_eq(name, owners[i]))
			return false;
	return n >= 6 && (str_eq(name + n - 6, "Secret") || str_eq(name, "secret")) && v->len <= 63 && mask_value_is_plain(v->s, v->len, true);
}

static bool mask_member(const struct walk *w, const char *name, size_t name_len, const struct value *v, struct value *ret)
{
	return put_text(v, mask_named(w->m, w->a, name, name_len, v->s, v->len), ret);
}

static bool mask_plain(const struct walk *w, const struct value *v, struct value *ret)
{
	return put_text(v, mask_text(w->m, w->a, v->s, v->len), ret);
}

/* Copies a container's items on the first change. */
static struct value *own_items(const struct walk *w, const struct value *v, struct value *ret)
{
	if (ret->items == v->items)
		ret->items = arena_memdup(w->a, v->items, sizeof(*v->items) * v->len);
	return ret->items;
}

static void set_member(const struct walk *w, const struct value *v, struct value *ret, uint32_t i, struct value changed)
{
	if (ret->members == v->members)
		ret->members = arena_memdup(w->a, v->members, sizeof(*v->members) * v->len);
	changed.key_len = v->members[i].v.key_len;
	ret->members[i].v = changed;
}

/* "--password" announces that the next word is one. "-u user:password" is curl's way. */
static bool is_secret_flag(const struct value *v)
{
	if (v->type != VALUE_STRING || v->len < 3 || v->s[0] != '-' || memchr(v->s, '=', v->len) || memchr(v->s, ' ', v->len))
		return false;
	return mask_classify_name(v->s, v->len) != MASK_NAME_PLAIN;
}

/* The same for the short flags of some programs: list[0] names the program. What is joined to its flag goes with it. */
static bool is_short_secret(const struct value *list, uint32_t i)
{
	const struct value *program = &list->items[0], *item = &list->items[i], *before = &list->items[i - 1];

	if (program->type != VALUE_STRING || item->type != VALUE_STRING || item->len == 0 || memchr(item->s, '$', item->len))
		return false;
	if (item->s[0] == '-')
		return item->len > 2 && mask_flag_takes_secret(program->s, program->len, item->s, 2, true);
	return before->type == VALUE_STRING && mask_flag_takes_secret(program->s, program->len, before->s, before->len, false);
}

static bool mask_whole(const struct walk *w, const struct value *v, struct value *ret)
{
	_cleanup_(strbuf_release) struct strbuf out;

	strbuf_init(&out, STRBUF_MAX_LINE);
	mask_add(w->m, &out, "secret", v->s, v->len);
	return put_text(v, (struct masked_text){arena_strndup(w->a, out.buf, out.len), out.len}, ret);
}

static bool mask_words(const struct walk *w, const struct value *v, struct value *ret)
{
	bool changed = false;

	*ret = *v;
	for (uint32_t i = 0; i < v->len; i++) {
		const struct value *item = &v->items[i], *before = i ? &v->items[i - 1] : NULL;
		struct value fresh;
		bool follows = before && item->type == VALUE_STRING && item->len && item->s[0] != '-' && is_secret_flag(before);

		if (i && is_short_secret(v, i) ? mask_whole(w, item, &fresh)
		    : follows                  ? mask_member(w, before->s, before->len, item, &fresh)
					       : mask_value(w, item, false, &fresh)) {
			own_items(w, v, ret)[i] = fresh;
			changed = true;
		}
	}
	return changed;
}

/* {name: X, value: Y}: an environment variable, a header, a parameter. */
static const struct value *name_of_pair(const struct value *map)
{
	const struct value *name = value_get(map, "name"), *value = value_get(map, "value");

	return name && value && name->type == VALUE_STRING && value->type == VALUE_STRING ? name : NULL;
}

/* Maps of texts in built-in kinds whose keys are names that people gave, not fields. */
static bool holds_named(const char *key)
{
	static const char *const keys[] = {"annotations", "parameters", "volumeAttributes", "options"};

	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (str_eq(key, keys[i]))
			return true;
	return false;
}

/* A Secret inside another object (a ManifestWork, a template): its values go whatever their names. */
static bool mask_secret_values(const struct walk *w, const struct value *v, struct value *ret)
{
	bool changed = false;

	*ret = *v;
	for (uint32_t i = 0; i < v->len; i++) {
		const struct value *item = &v->members[i].v;
		struct value fresh;

		if (item->type == VALUE_STRING && !mask_value_is_harmless(item->s, item->len) && mask_whole(w, item, &fresh)) {
			set_member(w, v, ret, i, fresh);
			changed = true;
		}
	}
	return changed;
}

static bool mask_map(const struct walk *w, const struct value *v, bool named, struct value *ret)
{
	const struct value *pair = name_of_pair(v);
	bool changed = false, is_secret = str_eq(value_get_str(v, "kind"), "Secret");

	*ret = *v;
	for (uint32_t i = 0; i < v->len; i++) {
		const struct member *m = &v->members[i];
		struct value fresh;
		bool now;

		if (is_secret && m->v.type == VALUE_MAP && (str_eq(m->key, "data") || str_eq(m->key, "stringData")))
			now = mask_secret_values(w, &m->v, &fresh);
		else if (m->v.type != VALUE_STRING)
			now = mask_value(w, &m->v, w->custom || holds_named(m->key), &fresh);
		else if (pair && str_eq(m->key, "value"))
			now = mask_member(w, pair->s, pair->len, &m->v, &fresh);
		else if (named && !(w->custom && names_secret(m->key, &m->v)))
			now = mask_member(w, m->key, m->v.key_len, &m->v, &fresh);
		else
			now = mask_plain(w, &m->v, &fresh);
		if (now) {
			set_member(w, v, ret, i, fresh);
			changed = true;
		}
	}
	return changed;
}

static bool mask_value(const struct walk *w, const struct value *v, bool named, struct value *ret)
{
	*ret = *v;
	if (v->type == VALUE_STRING)
		return mask_plain(w, v, ret);
	if (v->type == VALUE_LIST)
		return mask_words(w, v, ret);
	return v->type == VALUE_MAP && mask_map(w, v, named, ret);
}

struct value mask_object(const struct masker *m, struct arena *a, const char *kind, bool custom, const struct value *root)
{
	struct walk w = {.m = m, .a = a, .custom = custom};
	struct value result = *root, fresh;
	bool is_config = str_eq(kind, "ConfigMap");

	for (uint32_t i = 0; root->type == VALUE_MAP && i < root->len; i++) {
		const struct member *member = &root->members[i];

		/* A Secret's data holds key names alone by now; its own texts are looked at like any other. */
		if (mask_value(&w, &member->v, custom || (is_config && str_eq(member->key, "data")), &fresh))
			set_member(&w, root, &result, i, fresh);
	}
	return result;
}
