/* Which findings are silenced, by a rules file or by annotations, and what else such a file decides. */
#include "checks/rules_internal.h"

struct rules *rules_new(void)
{
	struct rules *r = mem_alloc(sizeof(*r));
	arena_init(&r->arena);
	return r;
}

void rules_free(struct rules *r)
{
	if (!r)
		return;
	for (uint32_t i = 0; i < r->exclusions.len; i++) {
		regex_free(r->exclusions.items[i]->name);
		regex_free(r->exclusions.items[i]->message);
	}
	arena_release(&r->arena);
	mem_free(r);
}

void rules_freep(struct rules **r)
{
	rules_free(*r);
}

void rules_set_options(const struct rules *r, struct check_options *o)
{
#define THRESHOLD(field, name, type, value_, min, max, help)                                                                                         \
	if (r->thresholds[THRESHOLD_ID_##field].given)                                                                                               \
		o->field = r->thresholds[THRESHOLD_ID_##field].value;
#include "checks/thresholds.def"
#undef THRESHOLD
	if (r->target_minor)
		o->target_minor = r->target_minor;
	o->rules = r;
}

bool rule_word_names(const char *word, size_t len, const struct check *c)
{
	size_t id = strlen(c->id), family = strcspn(c->id, "/");
	if (len == 3 && memcmp(word, "all", 3) == 0)
		return true;
	if (len == 6 && memcmp(word, "advice", 6) == 0 && c->advice)
		return true;
	if (len == id)
		return memcmp(word, c->id, len) == 0;
	return (len == family || len == family + 1) && memcmp(word, c->id, len) == 0;
}

static const char *namespace_of(const struct object *o)
{
	return o->kind->id == KIND_NAMESPACE ? o->name : o->ns;
}

static bool is_of_kind(const struct object *o, const char *word)
{
	size_t n = strlen(o->kind->name);
	if (strncasecmp(word, o->kind->name, n) != 0)
		return false;
	return !word[n] || (word[n] == '.' && str_eq(word + n + 1, o->kind->group));
}

static bool any_glob(const struct words *globs, const char *text)
{
	for (uint32_t i = 0; i < globs->len; i++)
		if (glob_matches(globs->items[i], text))
			return true;
	return globs->len == 0;
}

static bool any_kind(const struct words *kinds, const struct object *o)
{
	for (uint32_t i = 0; i < kinds->len; i++)
		if (is_of_kind(o, kinds->items[i]))
			return true;
	return kinds->len == 0;
}

static bool any_check(const struct words *checks, const struct check *c)
{
	for (uint32_t i = 0; i < checks->len; i++)
		if (rule_word_names(checks->items[i], strlen(checks->items[i]), c))
			return true;
	return checks->len == 0;
}

/* What cannot be told within the limits silences nothing. */
static bool expression_matches(struct regex *r, const char *text)
{
	return !r || regex_matches(r, text, strlen(text)) == 1;
}

/* A finding about no object has neither kind nor name that a rule could mean. */
static bool object_excluded(const struct exclusion *e, const struct object *o)
{
	if (!o)
		return !e->kinds.len && !e->namespaces.len && !e->names.len && !e->name && !e->labels;
	return any_kind(&e->kinds, o) && any_glob(&e->namespaces, namespace_of(o)) && any_glob(&e->names, o->name) &&
	       (!e->labels || selector_matches(e->labels, o->labels, false)) && expression_matches(e->name, o->name);
}

static const struct silence *by_rules(const struct rules *r, const struct finding *f, usec_t now)
{
	for (uint32_t i = 0; r && i < r->exclusions.len; i++) {
		const struct exclusion *e = r->exclusions.items[i];
		if ((!e->silence.until || now < e->silence.until) && any_check(&e->checks, f->check) && object_excluded(e, f->object) &&
		    expression_matches(e->message, f->message))
			return &e->silence;
	}
	return NULL;
}

static bool list_names(const char *list, const struct check *c)
{
	while (*list) {
		size_t n;
		list += strspn(list, ", \t\n");
		n = strcspn(list, ", \t\n");
		if (n && rule_word_names(list, n, c))
			return true;
		list += n;
	}
	return false;
}

/* On the object, on whatever owns it, or on its namespace. */
static const struct object *annotated(const struct inventory *inv, const struct finding *f)
{
	const struct object *ns = f->object && f->object->ns[0] ? inventory_find(inv, KIND_NAMESPACE, "", f->object->ns) : NULL;
	for (const struct object *o = f->object; o; o = o->owner)
		if (list_names(value_get_str(o->annotations, RULES_IGNORE_ANNOTATION), f->check))
			return o;
	return ns && list_names(value_get_str(ns->annotations, RULES_IGNORE_ANNOTATION), f->check) ? ns : NULL;
}

static const struct silence *by_annotation(struct check_run *run, const struct finding *f)
{
	const struct object *o = annotated(run->inv, f);
	struct silence *s;
	if (!o)
		return NULL;
	s = arena_new(run->arena, struct silence);
	s->by = arena_printf(run->arena, "the annotation %s of %s", RULES_IGNORE_ANNOTATION, object_text(run->arena, o));
	s->reason = value_get_str(o->annotations, RULES_IGNORE_ANNOTATION "-reason");
	return s;
}

void rules_silence(struct check_run *run, uint32_t first)
{
	for (uint32_t i = first; i < run->findings.len; i++) {
		struct finding *f = run->findings.items[i];
		f->silence = by_rules(run->options->rules, f, inventory_now(run->inv));
		if (!f->silence)
			f->silence = by_annotation(run, f);
	}
}

const char *rules_expired(const struct rules *r, struct arena *a, usec_t now, unsigned n)
{
	char text[CLOCK_TEXT_MAX];
	for (uint32_t i = 0; r && i < r->exclusions.len; i++) {
		const struct silence *s = &r->exclusions.items[i]->silence;
		if (s->until && now >= s->until && n-- == 0)
			return arena_printf(a, "%s (until %.10s)", s->by, clock_format_rfc3339(s->until, text));
	}
	return NULL;
}

/* The registry's name is written or not ("nginx" is docker.io/library/nginx): the full name is what is compared. */
static const char *full_name(struct strbuf *sb, const char *image)
{
	size_t first = strcspn(image, "/");
	bool has_host =
		image[first] && (memchr(image, '.', first) || memchr(image, ':', first) || (first == 9 && strncmp(image, "localhost", 9) == 0));
	strbuf_addf(sb, "%s%s%s", has_host ? "" : "docker.io/", has_host || image[first] ? "" : "library/", image);
	return sb->buf;
}

bool rules_allow_image(const struct rules *r, const char *image)
{
	_cleanup_(strbuf_release) struct strbuf sb;
	bool allowed = !r || r->registries.len == 0;
	strbuf_init(&sb, STRBUF_MAX_LINE);
	const char *name = allowed ? "" : full_name(&sb, image);
	for (uint32_t i = 0; !allowed && i < r->registries.len; i++) {
		const char *wanted = r->registries.items[i];
		size_t n = strlen(wanted);
		allowed = strpbrk(wanted, "*?") ? glob_matches(wanted, name)
						: strncmp(name, wanted, n) == 0 && (name[n] == '/' || (n && wanted[n - 1] == '/'));
	}
	return allowed;
}
