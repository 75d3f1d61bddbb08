/* What a diagnosis knows besides its causes: what else they might be, what is silenced, what would be better, and when certificates end. */
#include "cluster/certificates.h"
#include "checks/rules.h"
#include "jamie/say.h"

#define GROUPS_SHOWN 8u
#define CERTIFICATES_SHOWN 10u
#define SILENCED_SHOWN 10u
#define SOON (30 * USEC_PER_DAY)

/* ---- Alternatives ------------------------------------------------------------------------------------------------------------ */

static void say_hypothesis(struct say *s, const struct hypothesis *h)
{
	static const char *const answers[] = {"yes", "possible", "ruled out", "cannot tell"};

	say_item(s, "%s: %s%s%s", h->text, answers[h->status], h->why && *h->why ? ", " : "", h->why ? h->why : "");
	for (uint32_t i = 0; i < h->pro_count && i < 1; i++)
		say_evidence(s, &h->pro[i]);
	for (uint32_t i = 0; i < h->contra_count && i < 1; i++)
		say_evidence(s, &h->contra[i]);
}

/* The first cause of o, or of all, with the explanations that compete with it. */
void answer_alternatives(struct say *s, struct ctx *ctx, const struct object *o)
{
	struct cause_list all = o ? diagnose_object(s->diagnosis, ctx, o) : s->diagnosis->causes, one = {0};
	struct cause *c;

	if (!all.len) {
		say_text(s, "I found nothing wrong%s%s, so there is nothing to explain", o ? " with " : "", o ? say_name(s, o) : "");
		if (o)
			say_field(s, o, "metadata.name");
		return;
	}
	/* Weighed in a copy: what it is weighed with lives as long as this answer. */
	c = arena_memdup(s->arena, all.items[0], sizeof(*all.items[0]));
	c->hypotheses = NULL;
	c->hypothesis_count = 0;
	*arena_push(s->arena, &one) = c;
	diagnose_weigh(s->diagnosis, s->arena, &one);
	say_cause_ref(s, all.items[0]);
	say_text(s, "%s", c->title);
	say_finding(s, c->root, 2);
	say_text(s, "I am %d %% sure: %s", c->confidence, c->confidence_why);
	if (c->hypothesis_count < 2) {
		say_text(s, "I know of no other explanation that would fit");
		return;
	}
	say_text(s, "What else I thought of:");
	for (uint32_t i = 1; i < c->hypothesis_count; i++)
		say_hypothesis(s, &c->hypotheses[i]);
	if (c->missing)
		say_item(s, "what I could not see: %s", c->missing);
}

/* ---- Silenced ---------------------------------------------------------------------------------------------------------------- */

void answer_silenced(struct say *s)
{
	const struct finding_list *list = &s->diagnosis->silenced;
	uint32_t n = 0;

	for (uint32_t i = 0; i < list->len; i++) {
		const struct finding *f = list->items[i];
		char day[CLOCK_TEXT_MAX];

		if (f->object && !object_in_scope(s, f->object))
			continue;
		if (!n++)
			say_text(s, "Known and wanted silent:");
		if (n > SILENCED_SHOWN)
			continue;
		say_item(s, "%s (%s%s%.10s%s%s)", f->message, f->silence->by, f->silence->until ? ", until " : "",
			 f->silence->until ? clock_format_rfc3339(f->silence->until, day) : "", *f->silence->reason ? ": " : "", f->silence->reason);
		say_finding(s, f, 1);
	}
	if (n > SILENCED_SHOWN)
		say_item(s, "and %u more: `auto-devops scan --silenced` lists them", n - SILENCED_SHOWN);
	if (!n)
		say_text(s, "There is no silenced finding: neither a rules file nor an annotation " RULES_IGNORE_ANNOTATION " hides one here");
}

/* ---- Advice ------------------------------------------------------------------------------------------------------------------ */

struct advised {
	const struct check *check;
	const struct finding *first;
	uint32_t count;
};

static int compare_advised(const void *x, const void *y)
{
	const struct advised *a = x, *b = y;

	return a->count != b->count ? (a->count > b->count ? -1 : 1) : strcmp(a->check->id, b->check->id);
}

/* What belongs to no namespace is asked for by asking about the cluster. */
static bool is_asked_for(const struct say *s, const struct object *o, const struct object *about)
{
	if (!o || (about && object_top_owner(o) != object_top_owner(about)))
		return false;
	return object_in_scope(s, o) && (!s->q->namespace_count || o->ns[0]);
}

/* Runs the checks that only advise, which a diagnosis leaves out, and tells which have most to say. */
void answer_advice(struct say *s, const struct object *o)
{
	struct check_options options = *s->checks;
	struct advised *groups = arena_new_array(s->arena, struct advised, check_count);
	struct check_run run;
	uint32_t n = 0, all = 0;

	options.advice = true;
	check_run_all(&run, s->inv, s->arena, &options);
	for (uint32_t i = 0; i < run.findings.len; i++) {
		const struct finding *f = run.findings.items[i];
		uint32_t at = n && groups[n - 1].check == f->check ? n - 1 : 0;

		if (!f->check->advice || f->silence || f->state != FINDING_ACTIVE || !is_asked_for(s, f->object, o))
			continue;
		while (at < n && groups[at].check != f->check)
			at++;
		if (at == n)
			groups[n++] = (struct advised){f->check, f, 0};
		groups[at].count++;
		all++;
	}
	if (!n) {
		say_text(s, "I have no advice%s%s: the checks of good practice found nothing to better", o ? " about " : "", o ? say_name(s, o) : "");
		if (o)
			say_field(s, o, "metadata.name");
		return;
	}
	qsort(groups, n, sizeof(*groups), compare_advised);
	say_text(s, "%s of good practice, none of which fails anything now:", say_count(s, all, "point", "points"));
	for (uint32_t i = 0; i < n && i < GROUPS_SHOWN; i++) {
		if (groups[i].count > 1)
			say_item(s, "%s (%u times): %s, for instance", groups[i].check->title, groups[i].count, groups[i].first->message);
		else
			say_item(s, "%s", groups[i].first->message);
		say_finding(s, groups[i].first, 1);
	}
	if (n > GROUPS_SHOWN)
		say_item(s, "and %s: `auto-devops scan --all --advice` lists everything", say_count(s, n - GROUPS_SHOWN, "more sort", "more sorts"));
	say_paragraph(s);
	say_text(s, "What is broken matters more: ask \"what is wrong?\"");
}

/* ---- Certificates ------------------------------------------------------------------------------------------------------------- */

static usec_t end_of(const struct object *o)
{
	return value_get_time(o->status, "notAfter");
}

static int compare_end(const void *x, const void *y)
{
	const struct object *a = *(const struct object *const *)x, *b = *(const struct object *const *)y;

	return end_of(a) != end_of(b) ? (end_of(a) < end_of(b) ? -1 : 1) : strcmp(a->name, b->name);
}

/* "Certificate shop/web", or where a certificate was met: "Secret shop/web-tls, tls.crt". */
static const char *certificate_name(struct say *s, const struct object *o)
{
	const struct value *source = value_get(o->spec, "source");
	const char *ns = value_get_str(source, "namespace"), *where = value_get_str(o->spec, "where");

	if (!str_eq(o->kind->name, PROBED_KIND))
		return say_name(s, o);
	return arena_printf(s->arena, "that of %s %s%s%s%s%s", value_get_str(source, "kind"), ns, *ns ? "/" : "", value_get_str(source, "name"),
			    *where ? ", " : "", where);
}

static void add_certificates(struct say *s, struct object_list *ret, const char *group, const char *kind, const struct object *only)
{
	const struct object_list *list = inventory_list_custom(s->inv, group, kind);

	for (uint32_t i = 0; i < list->len; i++) {
		const struct object *o = list->items[i];
		bool about = !only || only == o ||
			     (str_eq(value_get_str(value_get(o->spec, "source"), "name"), only->name) && str_eq(o->ns, only->ns)) ||
			     (str_eq(value_get_str(o->spec, "secretName"), only->name) && str_eq(o->ns, only->ns));

		if (end_of(o) && about && (only || !o->ns[0] || object_in_scope(s, o)))
			*arena_push(s->arena, ret) = list->items[i];
	}
}

void answer_certificates(struct say *s, const struct object *o)
{
	struct object_list list = {0};
	usec_t now = inventory_now(s->inv);
	char when[CLOCK_TEXT_MAX];
	uint32_t soon = 0;

	add_certificates(s, &list, "cert-manager.io", "Certificate", o);
	add_certificates(s, &list, PROBED_GROUP, PROBED_KIND, o);
	if (!list.len) {
		s->kind = ANSWER_CANNOT_SEE;
		say_text(
			s,
			"I see no certificate%s%s here. I know those of cert-manager, and of the cluster's servers and Secrets when I am started with "
			"--probe-certificates or --read-tls-secrets",
			o ? " of " : "", o ? say_name(s, o) : "");
		return;
	}
	qsort(list.items, list.len, sizeof(*list.items), compare_end);
	for (uint32_t i = 0; i < list.len; i++)
		soon += end_of(list.items[i]) < now + SOON;
	if (!o)
		say_text(s, "Of %s %s within 30 days; the first to end:", say_count(s, list.len, "certificate", "certificates"),
			 soon ? say_count(s, soon, "ends", "end") : "none ends");
	for (uint32_t i = 0; i < list.len && i < MAX(MIN(soon, CERTIFICATES_SHOWN), 3u); i++) {
		usec_t end = end_of(list.items[i]);

		say_item(s, "%s %s %s (%s)", certificate_name(s, list.items[i]), end < now ? "ended" : "ends in",
			 end < now ? arena_printf(s->arena, "%s ago", say_span(s, now - end)) : say_span(s, end - now),
			 clock_format_rfc3339(end, when));
		say_field(s, list.items[i], "status.notAfter");
	}
	if (soon > CERTIFICATES_SHOWN)
		say_item(s, "and %u more", soon - CERTIFICATES_SHOWN);
}
