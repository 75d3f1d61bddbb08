/* The runner: which checks there are, and each over each object of its kinds. */
#include "base/utf8.h"
#include "checks/check.h"
#include "checks/index.h"
#include "checks/rules.h"

#include <ctype.h>

#define CHECK(name) extern const struct check check_##name;
#include "checks/checks.def"
#undef CHECK

const struct check *const check_table[] = {
#define CHECK(name) &check_##name,
#include "checks/checks.def"
#undef CHECK
};
const size_t check_count = ARRAY_LEN(check_table);

const char *severity_text(enum severity s)
{
	static const char *const text[] = {"info", "warning", "error", "critical"};
	return (unsigned)s < ARRAY_LEN(text) ? text[s] : "?";
}

bool severity_parse(const char *s, enum severity *ret)
{
	for (enum severity i = SEVERITY_INFO; i <= SEVERITY_CRITICAL; i++) {
		if (str_eq(s, severity_text(i))) {
			*ret = i;
			return true;
		}
	}
	return false;
}

void check_options_init(struct check_options *o)
{
	*o = (struct check_options){
#define DEFAULT_SPAN(n) ((n)*USEC_PER_MSEC)
#define DEFAULT_COUNT(n) (n)
#define DEFAULT_PERCENT(n) (n)
#define THRESHOLD(field, name, type, value, min, max, help) .field = DEFAULT_##type(INT64_C(value)),
#include "checks/thresholds.def"
#undef THRESHOLD
	};
}

bool version_parse(const char *s, int *ret_minor)
{
	char *end;
	s += *s == 'v';
	if (strncmp(s, "1.", 2) != 0 || !isdigit((unsigned char)s[2]))
		return false;
	long minor = strtol(s + 2, &end, 10);
	/* "1.40", "1.40.2", "1.40+", "1.40.2-gke.1": what follows says nothing about APIs. */
	if (minor > 999 || isalpha((unsigned char)*end))
		return false;
	*ret_minor = (int)minor;
	return true;
}

int run_server_minor(const struct check_run *run)
{
	int minor;
	return version_parse(inventory_server_version(run->inv), &minor) ? minor : 0;
}

int run_target_minor(const struct check_run *run)
{
	int server = run_server_minor(run);
	return run->options->target_minor ? run->options->target_minor : server ? server + 1 : 0;
}

const struct check *check_by_id(const char *id)
{
	size_t lo = 0, hi = check_count;
	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		int c = strcmp(id, check_table[mid]->id);
		if (c == 0)
			return check_table[mid];
		if (c < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return NULL;
}

bool check_is_wanted(const struct check *c, const struct check_options *options)
{
	const char *only = options->only_check;
	size_t len = only ? strlen(only) : 0;
	if (len == 0)
		return !c->advice || options->advice;
	return str_eq(c->id, only) || (only[len - 1] == '/' && strncmp(c->id, only, len) == 0);
}

static bool runs_for(const struct check *c, enum kind_id kind)
{
	return c->kind == kind || (c->also & KIND_BIT(kind));
}

static bool names_kind(const char *list, const struct kind *kind)
{
	size_t group = strlen(kind->group), name = strlen(kind->name);
	for (size_t n; *list; list += n, list += strspn(list, " ")) {
		n = strcspn(list, " ");
		if (n == group + 1 + name && strncmp(list, kind->group, group) == 0 && list[group] == '/' &&
		    strncmp(list + group + 1, kind->name, name) == 0)
			return true;
	}
	return false;
}

bool check_names_kind(const struct check *c, const struct kind *kind)
{
	return c->custom && names_kind(c->custom, kind);
}

bool check_knows_kind(const struct kind *kind)
{
	for (size_t i = 0; i < check_count; i++)
		if (check_names_kind(check_table[i], kind))
			return true;
	return false;
}

/* "HTTPRoute, GRPCRoute" of "gateway.networking.k8s.io/HTTPRoute gateway.networking.k8s.io/GRPCRoute". */
static const char *custom_text(struct arena *a, const char *list)
{
	const char *text = NULL;
	for (size_t n; *list; list += n, list += strspn(list, " ")) {
		n = strcspn(list, " ");
		size_t group = strcspn(list, "/") + 1;
		text = arena_printf(a, "%s%s%.*s", text ? text : "", text ? ", " : "", (int)(n - group), list + group);
	}
	return text;
}

const char *check_kinds_text(struct arena *a, const struct check *c)
{
	const char *text = NULL;
	if (c->custom)
		return custom_text(a, c->custom);
	if (runs_for(c, KIND_CUSTOM))
		return "any kind";
	for (int kind = 0; kind < KIND_CUSTOM; kind++)
		if (runs_for(c, (enum kind_id)kind))
			text = text ? arena_printf(a, "%s, %s", text, kind_table[kind].name) : kind_table[kind].name;
	return text ? text : "cluster";
}

#define SENTENCE_MAX 600 /* bytes: what kubelet and webhooks say is quoted, and can be long */

/* One line, whatever was quoted in it. */
static const char *one_line(struct arena *a, const char *s)
{
	size_t len = strlen(s), cut = utf8_cut(s, len, SENTENCE_MAX);
	if (cut == len && !s[strcspn(s, "\r\n\t")] && (len == 0 || s[len - 1] != ' '))
		return s;
	char *text = arena_printf(a, "%.*s%s", (int)cut, s, cut < len ? "..." : ""), *to = text;
	for (const char *p = text; *p; p++) {
		bool blank = *p == '\r' || *p == '\n' || *p == '\t';
		if (!blank)
			*to++ = *p;
		else if (to > text && to[-1] != ' ')
			*to++ = ' ';
	}
	while (to > text && to[-1] == ' ')
		to--;
	*to = 0;
	return text;
}

/* Advice is given about everything that could do with it, which can be a whole cluster of bare pods: the first of them will do. */
#define ADVICE_PER_CHECK 1000

/* The checks that run for one kind, by their places in the table, and how often each of the table has advised. */
struct selection {
	uint32_t checks[ARRAY_LEN(check_table)], len;
	uint32_t *advised;
};

/* custom NULL unless the kind is one. */
static void select_checks(const struct check_options *options, enum kind_id kind, const struct kind *custom, struct selection *ret)
{
	ret->len = 0;
	for (uint32_t i = 0; i < check_count; i++) {
		const struct check *c = check_table[i];
		if (runs_for(c, kind) && check_is_wanted(c, options) && (!custom || !c->custom || names_kind(c->custom, custom)) &&
		    ret->advised[i] < ADVICE_PER_CHECK)
			ret->checks[ret->len++] = i;
	}
}

/* One object through one check; false when an advising check has said enough. */
static bool run_one(struct check_run *run, const struct check *c, const struct object *o, uint32_t *advised)
{
	uint32_t before = run->findings.len;
	run->check = c;
	c->run(run, o);
	if (!c->advice || (*advised += run->findings.len - before) < ADVICE_PER_CHECK)
		return true;
	struct finding *last = run->findings.items[run->findings.len - 1];
	last->message = arena_printf(run->arena, "%s (told of the first %d objects only)", last->message, ADVICE_PER_CHECK);
	return false;
}

static void run_object(struct check_run *run, const struct object *o, struct selection *s)
{
	uint32_t kept = 0;
	for (uint32_t i = 0; i < s->len; i++)
		if (run_one(run, check_table[s->checks[i]], o, &s->advised[s->checks[i]]))
			s->checks[kept++] = s->checks[i];
	s->len = kept;
}

static void run_kind(struct check_run *run, enum kind_id kind, uint32_t *advised)
{
	struct selection s = {.advised = advised};
	select_checks(run->options, kind, NULL, &s);
	const struct object_list *list = s.len && kind < KIND_COUNT ? inventory_list(run->inv, kind) : NULL;
	const struct kind *before = NULL;
	for (uint32_t o = 0; list && o < list->len; o++) {
		/* Custom objects are ordered by kind: what runs is looked up once for each. */
		if (kind == KIND_CUSTOM && list->items[o]->kind != before)
			select_checks(run->options, kind, before = list->items[o]->kind, &s);
		run_object(run, list->items[o], &s);
	}
	if (kind == KIND_COUNT)
		run_object(run, NULL, &s);
}

void check_run_all(struct check_run *run, const struct inventory *inv, struct arena *arena, const struct check_options *options)
{
	struct check_options defaults;
	uint32_t advised[ARRAY_LEN(check_table)] = {0};
	memset(run, 0, sizeof(*run));
	run->inv = inv;
	run->arena = arena;
	if (!options) {
		check_options_init(&defaults);
		options = arena_memdup(arena, &defaults, sizeof(defaults));
	}
	run->options = options;
	check_index_init(run);
	for (int kind = 0; kind <= KIND_COUNT; kind++)
		run_kind(run, (enum kind_id)kind, advised);
	for (uint32_t i = 0; i < run->findings.len; i++) {
		struct finding *f = run->findings.items[i];
		f->message = one_line(arena, f->message);
		f->fix = f->fix ? one_line(arena, f->fix) : NULL;
	}
	rules_silence(run, 0);
	check_index_release(run);
}
