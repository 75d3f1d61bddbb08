#include "jamie/say.h"

#include <ctype.h>

void say_init(struct say *s, struct arena *a, const struct diagnosis *d, const struct question *q)
{
	*s = (struct say){.arena = a, .diagnosis = d, .inv = d->inv, .q = q, .kind = ANSWER_FOUND};
	strbuf_init(&s->text, STRBUF_MAX_LINE);
	strbuf_init(&s->block, (size_t)1 << 20);
}

void say_release(struct say *s)
{
	strbuf_release(&s->text);
	strbuf_release(&s->block);
}

void say_finish(struct say *s, struct answer *ret)
{
	ret->kind = s->kind;
	ret->text = arena_strndup(s->arena, s->text.buf, s->text.len);
	ret->block = s->block.len ? arena_strndup(s->arena, s->block.buf, s->block.len) : NULL;
	ret->evidence = s->evidence.items;
	ret->evidence_count = s->evidence.len;
	ret->options = s->options.items;
	ret->option_count = s->options.len;
	ret->followups = s->followups.items;
	ret->followup_count = s->followups.len;
	ret->causes = s->causes.items;
	ret->cause_count = s->causes.len;
	ret->proposal = s->proposal;
}

static void separate(struct say *s)
{
	char last = s->text.len ? s->text.buf[s->text.len - 1] : '\n';

	if (last != '\n' && last != ' ')
		strbuf_addch(&s->text, ' ');
}

/* Messages come from many writers: a sentence begins with a capital and ends with one full stop. */
static void add_sentence(struct say *s, char *text)
{
	size_t n = strlen(text);

	while (n && (text[n - 1] == '.' || text[n - 1] == ' '))
		n--;
	if (!n)
		return;
	text[0] = (char)toupper((unsigned char)text[0]);
	strbuf_add(&s->text, text, n);
	if (!strchr("?!:", text[n - 1]))
		strbuf_addch(&s->text, '.');
}

void say_text(struct say *s, const char *fmt, ...)
{
	va_list ap;

	separate(s);
	va_start(ap, fmt);
	add_sentence(s, arena_vprintf(s->arena, fmt, ap));
	va_end(ap);
}

void say_paragraph(struct say *s)
{
	if (s->text.len)
		strbuf_addstr(&s->text, s->text.buf[s->text.len - 1] == '\n' ? "\n" : "\n\n");
}

void say_item(struct say *s, const char *fmt, ...)
{
	va_list ap;

	if (s->text.len && s->text.buf[s->text.len - 1] != '\n')
		strbuf_addch(&s->text, '\n');
	strbuf_addstr(&s->text, "- ");
	va_start(ap, fmt);
	strbuf_addstr(&s->text, arena_vprintf(s->arena, fmt, ap));
	va_end(ap);
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && str_eq(a, b));
}

static const char *where_of(struct say *s, const struct evidence *e)
{
	const char *object = e->object ? object_text(s->arena, e->object) : "";

	switch (e->type) {
	case EVIDENCE_FIELD:
		return arena_printf(s->arena, "%s %s", object, e->path ? e->path : "");
	case EVIDENCE_EVENT:
		return arena_printf(s->arena, "%s event %s", object, e->event ? e->event->reason : "");
	case EVIDENCE_LOG:
		return arena_printf(s->arena, "%s log of %s%s, line %u", object, e->path ? e->path : "", e->previous ? " (previous instance)" : "",
				    e->first_line);
	case EVIDENCE_ABSENCE:
		return arena_printf(s->arena, "%s (absent)", e->path ? e->path : "");
	default:
		return object;
	}
}

void say_evidence(struct say *s, const struct evidence *e)
{
	unsigned id = 0;
	bool stop = s->text.len && s->text.buf[s->text.len - 1] == '.';

	for (uint32_t i = 0; i < s->evidence.len && !id; i++) {
		const struct evidence *x = &s->evidence.items[i].fact;

		if (x->type == e->type && x->object == e->object && x->event == e->event && same_text(x->path, e->path) &&
		    x->first_line == e->first_line && x->previous == e->previous)
			id = s->evidence.items[i].id;
	}
	if (!id) {
		id = s->evidence.len + 1;
		*arena_push(s->arena, &s->evidence) = (struct answer_evidence){.id = id, .fact = *e, .where = where_of(s, e)};
	}
	if (stop)
		strbuf_truncate(&s->text, s->text.len - 1);
	strbuf_addf(&s->text, "%s[%u]%s", s->text.len && s->text.buf[s->text.len - 1] == ']' ? "" : " ", id, stop ? "." : "");
}

void say_field_text(struct say *s, const struct object *o, const char *path, const char *text)
{
	struct evidence e = {.type = EVIDENCE_FIELD, .object = o, .path = path, .text = text};

	say_evidence(s, &e);
}

void say_field(struct say *s, const struct object *o, const char *path)
{
	const char *text = value_text(s->arena, value_at(&o->root, path));

	say_field_text(s, o, path, text ? text : "not set");
}

void say_finding(struct say *s, const struct finding *f, unsigned max)
{
	for (uint32_t i = 0; i < f->evidence_count && i < max; i++)
		say_evidence(s, &f->evidence[i]);
}

void say_followup(struct say *s, const char *fmt, ...)
{
	va_list ap;
	const char *text;

	va_start(ap, fmt);
	text = arena_vprintf(s->arena, fmt, ap);
	va_end(ap);
	for (uint32_t i = 0; i < s->followups.len; i++)
		if (str_eq(s->followups.items[i], text))
			return;
	*arena_push(s->arena, &s->followups) = text;
}

void say_option(struct say *s, const char *text)
{
	for (uint32_t i = 0; i < s->options.len; i++)
		if (str_eq(s->options.items[i], text))
			return;
	*arena_push(s->arena, &s->options) = text;
}

void say_cause_ref(struct say *s, const struct cause *c)
{
	for (uint32_t i = 0; i < s->causes.len; i++)
		if (s->causes.items[i] == c)
			return;
	*arena_push(s->arena, &s->causes) = c;
}

const char *say_name(struct say *s, const struct object *o)
{
	return object_text(s->arena, o);
}

const char *say_span(struct say *s, usec_t span)
{
	char buf[CLOCK_TEXT_MAX];

	return arena_strdup(s->arena, clock_format_span(span, buf));
}

const char *say_time(struct say *s, usec_t t)
{
	char buf[CLOCK_TEXT_MAX];

	return arena_strdup(s->arena, clock_format_rfc3339(t - t % USEC_PER_SEC, buf));
}

const char *say_count(struct say *s, uint64_t n, const char *one, const char *many)
{
	if (!n)
		return arena_printf(s->arena, "no %s", many);
	return arena_printf(s->arena, "%llu %s", (unsigned long long)n, n == 1 ? one : many);
}

const char *say_kind(struct say *s, const struct kind *k, bool plural)
{
	const char *name = k ? k->name : "workload";
	size_t n = strlen(name);

	if (!plural)
		return name;
	if (name[n - 1] == 'y')
		return arena_printf(s->arena, "%.*sies", (int)n - 1, name);
	return arena_printf(s->arena, "%s%s", name, name[n - 1] == 's' ? "es" : "s");
}
