/* say: an answer while it is being put together: sentences, each with the evidence it rests on. Not for other rooms. */
#ifndef JAMIE_SAY_H
#define JAMIE_SAY_H

#include "jamie/question.h"

struct say {
	struct arena *arena;
	const struct diagnosis *diagnosis;
	const struct inventory *inv;
	const struct question *q;
	const struct check_options *checks; /* those that the diagnosis was made with */
	struct strbuf text, block;
	struct {
		struct answer_evidence *items;
		uint32_t len, cap;
	} evidence;
	struct {
		const char **items;
		uint32_t len, cap;
	} options, followups;
	struct {
		const struct cause **items;
		uint32_t len, cap;
	} causes;
	const struct proposal *proposal;
	enum answer_kind kind;
};

void say_init(struct say *s, struct arena *a, const struct diagnosis *d, const struct question *q);
void say_release(struct say *s);
/* Hands everything to the answer (its texts are copied into the arena). */
void say_finish(struct say *s, struct answer *ret);

/* Appends a sentence, with a blank between it and what is before. */
void say_text(struct say *s, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Begins a new paragraph, or a list line. */
void say_paragraph(struct say *s);
void say_item(struct say *s, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* " [3]" for the sentence just written, before its full stop; the same fact gets the same number. */
void say_evidence(struct say *s, const struct evidence *e);
void say_field(struct say *s, const struct object *o, const char *path);
void say_field_text(struct say *s, const struct object *o, const char *path, const char *text);
void say_finding(struct say *s, const struct finding *f, unsigned max);
void say_followup(struct say *s, const char *fmt, ...) PRINTF_LIKE(2, 3);
void say_option(struct say *s, const char *text);
/* Names a cause in the answer (once). */
void say_cause_ref(struct say *s, const struct cause *c);

/* A cause in full: what, the trail, since when, what changed, what to do. o: whom it is told about, or NULL. */
void say_cause(struct say *s, const struct cause *c, const struct object *o);
/* One list line. */
void say_cause_line(struct say *s, const struct cause *c, unsigned number);

/* "Deployment shop/web" */
const char *say_name(struct say *s, const struct object *o);
const char *say_span(struct say *s, usec_t span);
/* "2026-11-20T12:00:00Z" */
const char *say_time(struct say *s, usec_t t);
/* "3 pods", "1 pod" */
const char *say_count(struct say *s, uint64_t n, const char *one, const char *many);
/* "Deployment" -> "deployments", as people write it. */
const char *say_kind(struct say *s, const struct kind *k, bool plural);

/* The answer to s->q: about the thing mentioned, or about none (dispatch.c). */
void dispatch_object(struct say *s, struct ctx *ctx, struct cluster *c, const struct mention *m);
void dispatch_rest(struct say *s, struct ctx *ctx, struct cluster *c);

/* ---- One function per intent (answer_*.c). o: the object meant, NULL when none was. ---- */
void answer_overview(struct say *s, struct ctx *ctx);
void answer_why(struct say *s, struct ctx *ctx, const struct mention *m);
void answer_health(struct say *s, struct ctx *ctx, const struct mention *m);
void answer_namespace(struct say *s, struct ctx *ctx, const char *ns);
void answer_list(struct say *s, struct ctx *ctx, const struct object *scope);
void answer_count(struct say *s, struct ctx *ctx, const struct object *scope);
void answer_log_count(struct say *s, struct ctx *ctx, struct cluster *c, const struct object *scope);
void answer_logs(struct say *s, struct ctx *ctx, struct cluster *c, const struct object *o);
void answer_events(struct say *s, struct ctx *ctx, const struct object *o);
void answer_changes(struct say *s, struct ctx *ctx, const struct object *o);
void answer_since(struct say *s, struct ctx *ctx, const struct object *o);
void answer_compare(struct say *s, struct ctx *ctx);
void answer_describe(struct say *s, struct ctx *ctx, const struct object *o);
void answer_where(struct say *s, struct ctx *ctx, const struct object *o);
void answer_image(struct say *s, struct ctx *ctx, const struct object *o);
void answer_resources(struct say *s, struct ctx *ctx, const struct object *o);
void answer_users(struct say *s, struct ctx *ctx, const struct object *o);
void answer_dependents(struct say *s, struct ctx *ctx, const struct object *o);
void answer_dependencies(struct say *s, struct ctx *ctx, const struct object *o);
void answer_selected(struct say *s, struct ctx *ctx, const struct object *o);
void answer_rights(struct say *s, const struct object *o);
void answer_reach(struct say *s, struct ctx *ctx);
void answer_alternatives(struct say *s, struct ctx *ctx, const struct object *o);
void answer_silenced(struct say *s);
void answer_advice(struct say *s, const struct object *o);
void answer_certificates(struct say *s, const struct object *o);
void answer_visibility(struct say *s, struct ctx *ctx, struct cluster *c);
void answer_meaning(struct say *s);
void answer_help(struct say *s);
void answer_greet(struct say *s, struct ctx *ctx);
void answer_thanks(struct say *s);
void answer_write(struct say *s, struct ctx *ctx, const struct object *o);
void answer_out_of_reach(struct say *s);

/* The field that shows a change. */
const char *change_path(const struct change *c);

/* The pods of a workload, a Service, a node, a claim ...; of anything by the graph (objects.c). */
struct object_list pods_of(struct say *s, const struct object *o);
bool object_in_scope(const struct say *s, const struct object *o);
bool object_in_state(struct say *s, struct ctx *ctx, const struct object *o, enum state_filter state);
/* "running", "CrashLoopBackOff", "Pending", "Ready" ...: one word for how an object is, as kubectl get shows it. */
const char *object_condition(struct arena *a, const struct object *o);
int64_t pod_restarts(const struct object *pod);
/* Of all its pods. */
int64_t object_restarts(struct say *s, const struct object *o);

#endif
