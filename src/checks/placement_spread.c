/* Topology spread: how many matching pods each domain has, where the next one may go, and why it cannot. */
#include "base/strbuf.h"
#include "checks/placement.h"

#define DOMAINS_TOLD 6

struct domain {
	const char *name;
	uint32_t pods;
	const struct object *node; /* one it may use, best without obstacle; else one that it may not */
	bool open;                 /* node takes the pod as far as can be seen */
	const char *obstacle;      /* of node */
};

struct spread {
	const struct value *constraint;
	uint32_t index;
	const char *key;
	int64_t skew;
	bool honor_taints, honor_affinity, self;
	struct {
		struct domain *items;
		uint32_t len, cap;
	} domains;
	struct hash by_name;
	uint32_t least, unlabelled; /* unlabelled: nodes it may use that lack the key */
};

static const char *label_of(const struct object *node, const char *key)
{
	return value_get_str(node->labels, key);
}

static void add_node(struct check_run *run, struct spread *s, const struct object *pod, const struct object *node)
{
	const char *name = label_of(node, s->key);
	if ((s->honor_affinity && !node_selected(pod->spec, node)) || (s->honor_taints && placement_taint(pod, node)))
		return;
	if (!*name) {
		s->unlabelled += placement_usable(pod, node);
		return;
	}
	/* Positions, from 1, for the array moves while it grows. */
	uintptr_t at = (uintptr_t)hash_get(&s->by_name, name, strlen(name));
	if (!at) {
		*arena_push(run->arena, &s->domains) = (struct domain){.name = name};
		at = s->domains.len;
		hash_put(&s->by_name, name, strlen(name), (void *)at);
	}
	struct domain *d = &s->domains.items[at - 1];
	if (d->open)
		return;
	const char *obstacle = placement_obstacle(run, pod, node);
	d->open = !obstacle;
	d->node = d->node && obstacle ? d->node : node;
	d->obstacle = d->node == node ? obstacle : d->obstacle;
}

/* Labels whose values the pod shares with those that count (the template's hash: only pods of its own revision). */
static bool same_keys(const struct value *keys, const struct object *a, const struct object *b)
{
	for (value_each(k, keys))
		if (!str_eq(value_get_str(a->labels, value_str(k, "")), value_get_str(b->labels, value_str(k, ""))))
			return false;
	return true;
}

static void count_pods(struct check_run *run, struct spread *s, const struct object *pod)
{
	const struct value *selector = value_get(s->constraint, "labelSelector"), *keys = value_get(s->constraint, "matchLabelKeys");
	struct object_list pods = inventory_select(run->inv, run->arena, KIND_POD, pod->ns, selector, false);
	for (uint32_t i = 0; i < pods.len; i++) {
		const struct object *other = pods.items[i];
		const char *phase = value_get_str(other->status, "phase");
		const struct object *node = inventory_find(run->inv, KIND_NODE, "", value_get_str(other->spec, "nodeName"));
		if (!node || other->deleted || str_eq(phase, "Succeeded") || str_eq(phase, "Failed") || !same_keys(keys, other, pod))
			continue;
		const char *name = label_of(node, s->key);
		uintptr_t at = (uintptr_t)hash_get(&s->by_name, name, strlen(name));
		if (at)
			s->domains.items[at - 1].pods++;
	}
	s->least = UINT32_MAX;
	for (uint32_t i = 0; i < s->domains.len; i++)
		s->least = MIN(s->least, s->domains.items[i].pods);
	if (s->domains.len < value_get_int(s->constraint, "minDomains", 1))
		s->least = 0;
	s->self = selector && selector_matches(selector, pod->labels, false);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct domain *)a)->name, ((const struct domain *)b)->name);
}

static const char *counts_text(struct check_run *run, const struct spread *s)
{
	_cleanup_(strbuf_release) struct strbuf sb;
	strbuf_init(&sb, STRBUF_MAX_LINE);
	for (uint32_t i = 0; i < s->domains.len && i < DOMAINS_TOLD; i++)
		strbuf_addf(&sb, "%s%s has %u", i ? ", " : "", s->domains.items[i].name, s->domains.items[i].pods);
	if (s->domains.len > DOMAINS_TOLD)
		strbuf_addf(&sb, " and %u more", s->domains.len - DOMAINS_TOLD);
	return arena_strdup(run->arena, sb.buf);
}

static void tell(struct check_run *run, struct spread *s, struct placement_note *ret)
{
	const struct domain *next = NULL;
	qsort(s->domains.items, s->domains.len, sizeof(*s->domains.items), by_name);
	for (uint32_t i = 0; i < s->domains.len; i++)
		if (!next && s->domains.items[i].pods + s->self <= s->least + (uint64_t)s->skew)
			next = &s->domains.items[i];
	int64_t wanted = value_get_int(s->constraint, "minDomains", 1);
	const char *few = s->domains.len < wanted ? arena_printf(run->arena, " (minDomains asks for %lld domains, and there are %u)",
								 (long long)wanted, s->domains.len)
						  : "";
	const char *where = next ? arena_printf(run->arena, "the next has to go to %s, where node %s %s", next->name, next->node->name,
						next->obstacle ? next->obstacle : "takes none")
				 : "no domain may take one more";
	ret->why = arena_printf(run->arena, "its pods have to be spread over %s with a skew of at most %lld%s: %s; %s", s->key, (long long)s->skew,
				few, counts_text(run, s), where);
	ret->fix =
		next ? arena_printf(run->arena,
				    "Make room for it in %s %s (node %s), or loosen spec.topologySpreadConstraints[%u] (maxSkew, whenUnsatisfiable: "
				    "ScheduleAnyway, nodeTaintsPolicy: Honor).",
				    s->key, next->name, next->node->name, s->index)
		     : arena_printf(run->arena, "Add nodes in another %s, or loosen spec.topologySpreadConstraints[%u] (maxSkew, minDomains).",
				    s->key, s->index);
	if (next)
		placement_evidence(ret, next->node, arena_printf(run->arena, "metadata.labels['%s']", s->key));
}

static bool try_constraint(struct check_run *run, struct spread *s, const struct object *pod, struct placement_note *ret)
{
	const struct object_list *nodes = inventory_list(run->inv, KIND_NODE);
	for (uint32_t i = 0; i < nodes->len; i++)
		add_node(run, s, pod, nodes->items[i]);
	placement_evidence(ret, pod, arena_printf(run->arena, "spec.topologySpreadConstraints[%u].topologyKey", s->index));
	if (s->domains.len == 0 && s->unlabelled) {
		ret->why = arena_printf(run->arena, "its pods have to be spread over %s, and none of the %u node%s it may use has that label", s->key,
					s->unlabelled, s->unlabelled == 1 ? "" : "s");
		ret->fix = arena_printf(run->arena, "Label the nodes with %s, or correct spec.topologySpreadConstraints[%u].topologyKey.", s->key,
					s->index);
		return true;
	}
	count_pods(run, s, pod);
	for (uint32_t i = 0; i < s->domains.len; i++)
		if (s->domains.items[i].open && s->domains.items[i].pods + s->self <= s->least + (uint64_t)s->skew)
			return false;
	if (s->domains.len)
		tell(run, s, ret);
	return s->domains.len > 0;
}

bool placement_spread_note(struct check_run *run, const struct object *pod, struct placement_note *ret)
{
	uint32_t index = 0;
	for (value_each(c, value_get(pod->spec, "topologySpreadConstraints"))) {
		struct spread s = {
			.constraint = c,
			.index = index++,
			.key = value_get_str(c, "topologyKey"),
			.skew = MAX(value_get_int(c, "maxSkew", 1), 1),
			.honor_taints = str_eq(value_get_str(c, "nodeTaintsPolicy"), "Honor"),
			.honor_affinity = !str_eq(value_get_str(c, "nodeAffinityPolicy"), "Ignore"),
		};
		if (str_eq(value_get_str(c, "whenUnsatisfiable"), "ScheduleAnyway") || !inventory_sees(run->inv, KIND_POD, pod->ns))
			continue;
		memset(ret, 0, sizeof(*ret));
		hash_init(&s.by_name);
		bool found = try_constraint(run, &s, pod, ret);
		hash_release(&s.by_name);
		if (found)
			return true;
	}
	return false;
}
