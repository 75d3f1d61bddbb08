/* Findings: what a check says, put together in the run's arena. */
#include "checks/check.h"
#include "format/json.h"

struct finding *finding_new(struct check_run *run, const struct object *o, const char *fmt, ...)
{
	struct finding *f = arena_new(run->arena, struct finding);
	va_list ap;
	f->check = run->check;
	f->object = o;
	f->container = "";
	f->severity = run->check->severity;
	f->state = FINDING_ACTIVE;
	f->subject.kind = KIND_COUNT;
	f->id = run->findings.len;
	va_start(ap, fmt);
	f->message = arena_vprintf(run->arena, fmt, ap);
	va_end(ap);
	*arena_push(run->arena, &run->findings) = f;
	return f;
}

void finding_fix(struct check_run *run, struct finding *f, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	f->fix = arena_vprintf(run->arena, fmt, ap);
	va_end(ap);
}

void finding_recovered(struct finding *f, usec_t until)
{
	f->state = FINDING_RECOVERED;
	f->until = until;
	if (f->severity > SEVERITY_WARNING)
		f->severity = SEVERITY_WARNING;
}

bool finding_is_said(struct check_run *run, const struct object *o, const char *name, const char *key)
{
	for (uint32_t i = run->findings.len; i-- > 0;) {
		const struct finding *f = run->findings.items[i];
		if (f->object != o || f->check != run->check)
			return false;
		if (f->subject.name && str_eq(f->subject.name, name) && (!key || (f->subject.key && str_eq(f->subject.key, key))))
			return true;
	}
	return false;
}

static struct evidence *add_evidence(struct check_run *run, struct finding *f, enum evidence_type type)
{
	if (f->evidence_count == f->evidence_cap)
		f->evidence = arena_grow(run->arena, f->evidence, &f->evidence_cap, sizeof(*f->evidence));
	struct evidence *e = &f->evidence[f->evidence_count++];
	memset(e, 0, sizeof(*e));
	e->type = type;
	return e;
}

void finding_field_text(struct check_run *run, struct finding *f, const struct object *o, const char *path, const char *text)
{
	struct evidence *e = add_evidence(run, f, EVIDENCE_FIELD);
	e->object = o;
	e->path = path;
	e->text = text;
}

void finding_field(struct check_run *run, struct finding *f, const struct object *o, const char *path)
{
	const char *text = value_text(run->arena, value_at(&o->root, path));
	if (text) {
		finding_field_text(run, f, o, path, text);
		return;
	}
	struct evidence *e = add_evidence(run, f, EVIDENCE_ABSENCE);
	e->object = o;
	e->path = arena_printf(run->arena, "%s of %s", path, run_text(run, o));
	e->text = "is not set";
}

void finding_fieldf(struct check_run *run, struct finding *f, const struct object *o, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	const char *path = arena_vprintf(run->arena, fmt, ap);
	va_end(ap);
	finding_field(run, f, o, path);
}

void finding_event(struct check_run *run, struct finding *f, const struct event *event)
{
	if (!event)
		return;
	struct evidence *e = add_evidence(run, f, EVIDENCE_EVENT);
	e->object = event->about;
	e->event = event;
	e->text = event->message;
	e->when = event->last;
}

void finding_log(struct check_run *run, struct finding *f, const struct container_log *log, uint32_t first_line, uint32_t last_line, const char *text)
{
	struct evidence *e = add_evidence(run, f, EVIDENCE_LOG);
	e->object = log->pod;
	e->path = log->container;
	e->previous = log->previous;
	e->first_line = first_line;
	e->last_line = last_line;
	e->text = text;
}

void finding_evidence(struct check_run *run, struct finding *f, const struct evidence *e)
{
	*add_evidence(run, f, e->type) = *e;
}

void finding_absence(struct check_run *run, struct finding *f, const char *kind, const char *ns, const char *name)
{
	struct evidence *e = add_evidence(run, f, EVIDENCE_ABSENCE);
	e->path = arena_printf(run->arena, "%s %s%s%s", kind, ns, *ns ? "/" : "", name);
	e->text = "does not exist";
}

void finding_subject(struct check_run *run, struct finding *f, enum kind_id kind, const char *ns, const char *name)
{
	f->subject = (struct object_name){
		.kind = kind,
		.kind_text = kind_table[kind].name,
		.ns = kind_table[kind].namespaced ? ns : "",
		.name = name,
		.object = inventory_find(run->inv, kind, kind_table[kind].namespaced ? ns : "", name),
	};
}

void finding_subject_object(struct check_run *run, struct finding *f, const struct object *o)
{
	f->subject = (struct object_name){.kind = o->kind->id, .kind_text = o->kind->name, .ns = o->ns, .name = o->name, .object = o};
}

void finding_subject_custom(struct check_run *run, struct finding *f, const char *group, const char *kind, const char *ns, const char *name)
{
	const struct object *o = inventory_find_custom(run->inv, group, kind, ns, name);
	enum kind_id id = KIND_CUSTOM;
	if (o) {
		finding_subject_object(run, f, o);
		return;
	}
	for (int i = 0; i < KIND_CUSTOM; i++)
		if (str_eq(kind_table[i].group, group) && str_eq(kind_table[i].name, kind))
			id = (enum kind_id)i;
	f->subject = (struct object_name){.kind = id, .kind_text = kind, .ns = ns, .name = name};
}

void finding_subject_text(struct check_run *run, struct finding *f, const char *kind_text, const char *name)
{
	f->subject = (struct object_name){.kind = KIND_CUSTOM, .kind_text = kind_text, .ns = "", .name = name};
}

void finding_propose(struct check_run *run, struct finding *f, const char *action, const char *risk, const char *parameters_json)
{
	struct proposal *p = arena_new(run->arena, struct proposal);
	const struct object *o = f->object;
	p->action = action;
	p->risk = risk;
	p->parameters = parameters_json;
	if (o)
		p->target = (struct object_name){.kind = o->kind->id, .kind_text = o->kind->name, .ns = o->ns, .name = o->name, .object = o};
	f->proposal = p;
}

void finding_propose_strings(struct check_run *run, struct finding *f, const char *action, const char *risk, ...)
{
	_cleanup_(strbuf_release) struct strbuf sb;
	struct json_writer w;
	const char *name;
	va_list ap;
	strbuf_init(&sb, STRBUF_MAX_LINE);
	json_writer_init(&w, &sb, 0);
	json_object_begin(&w);
	va_start(ap, risk);
	while ((name = va_arg(ap, const char *))) {
		json_key(&w, name);
		json_string(&w, va_arg(ap, const char *));
	}
	va_end(ap);
	json_object_end(&w);
	finding_propose(run, f, action, risk, arena_strndup(run->arena, sb.buf, sb.len));
}

const struct pod_view *run_pod(struct check_run *run, const struct object *pod)
{
	if (run->pod.object != pod)
		pod_view_read(&run->pod, run->arena, pod);
	return &run->pod;
}

const char *run_text(struct check_run *run, const struct object *o)
{
	return object_text(run->arena, o);
}

const char *run_span(struct check_run *run, usec_t span)
{
	char buf[CLOCK_TEXT_MAX];
	return arena_strdup(run->arena, clock_format_span(span, buf));
}

const char *run_quantity(struct check_run *run, double q, bool bytes)
{
	char buf[32];
	return arena_strdup(run->arena, quantity_format(q, bytes, buf));
}

usec_t run_age(const struct check_run *run, usec_t t)
{
	usec_t now = inventory_now(run->inv);
	return t && t < now ? now - t : 0;
}

const char *run_ago(struct check_run *run, usec_t t)
{
	return run_span(run, run_age(run, t));
}

#define VALUE_TEXT_MAX 200

static void add_value(struct strbuf *sb, const struct value *v, unsigned depth)
{
	char buf[CLOCK_TEXT_MAX];
	const char *sep = "";
	switch ((enum value_type)v->type) {
	case VALUE_NULL:
		strbuf_addstr(sb, "null");
		break;
	case VALUE_BOOL:
		strbuf_addstr(sb, v->b ? "true" : "false");
		break;
	case VALUE_INT:
		strbuf_addf(sb, "%lld", (long long)v->i);
		break;
	case VALUE_DOUBLE:
		strbuf_addf(sb, "%g", v->d);
		break;
	case VALUE_STRING:
		strbuf_add(sb, v->s, v->len);
		break;
	case VALUE_TIME:
		strbuf_addstr(sb, clock_format_rfc3339(v->t, buf));
		break;
	case VALUE_LIST:
		strbuf_addch(sb, '[');
		for (value_each(item, v)) {
			strbuf_addstr(sb, sep);
			if (depth < 4 && !sb->overflow)
				add_value(sb, item, depth + 1);
			sep = ", ";
		}
		strbuf_addch(sb, ']');
		break;
	case VALUE_MAP:
		if (depth)
			strbuf_addch(sb, '{');
		for (member_each(m, v)) {
			strbuf_addf(sb, "%s%s=", sep, m->key);
			if (depth < 4 && !sb->overflow)
				add_value(sb, &m->v, depth + 1);
			sep = ", ";
		}
		if (depth)
			strbuf_addch(sb, '}');
		break;
	}
}

const char *value_text(struct arena *a, const struct value *v)
{
	if (!v)
		return NULL;
	_cleanup_(strbuf_release) struct strbuf sb;
	strbuf_init(&sb, v->type == VALUE_STRING ? STRBUF_MAX_LINE : VALUE_TEXT_MAX);
	add_value(&sb, v, 0);
	return arena_printf(a, "%s%s", sb.buf, sb.overflow ? "..." : "");
}
