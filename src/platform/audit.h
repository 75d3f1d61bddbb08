/* audit: where the specification contradicts itself, what it leaves out, and what would mend it.
 *
 * A rule (audit_rules.def) is a pure function of a specification: it adds an issue for each place that does not hold, with the figures that
 * show it, both places in the document and, where one follows, the edits that mend it. Ids are stable. audit_repair applies edits until no
 * issue with edits is left, auditing anew after each, so that a repaired specification is one of which the same rules find nothing.
 * Ownership: everything lives in the specification's arena. Thread rule: as the specification's. */
#ifndef PLATFORM_AUDIT_H
#define PLATFORM_AUDIT_H

#include "platform/specification.h"

enum issue_kind {
	ISSUE_CONTRADICTION, /* two places that cannot both hold */
	ISSUE_GAP,           /* something is not said that has to be known */
	ISSUE_NOTE,          /* holds, but tightly or by luck; nothing has to be done */
};
const char *issue_kind_text(enum issue_kind kind);

struct figure {
	const char *what;
	double value;
	const char *unit; /* "GB", "" */
};

/* One change of a specification: a number, or a text. */
struct spec_edit {
	const char *what;
	double *number, from, to;
	const char *unit;
	const char **text, *text_from, *text_to;
};

#define ISSUE_FIGURES 8
#define ISSUE_EDITS 4
#define ISSUE_SOURCES 3
struct issue {
	const char *id, *title, *why, *repair;
	enum issue_kind kind;
	const char *sources[ISSUE_SOURCES];
	struct figure figures[ISSUE_FIGURES];
	struct spec_edit edits[ISSUE_EDITS];
	unsigned source_count, figure_count, edit_count;
	bool accepted;
};

struct issue_list {
	struct issue **items;
	uint32_t len, cap;
};

struct audit_options {
	unsigned envs;         /* 1u << enum spec_env: only what concerns these */
	double tenants, users; /* 0: not said */
	double growth;         /* 0 the lower end of each range, 1 the upper one */
	double context;        /* tokens, 0: facts' own */
	const char *const *accepted;
	unsigned accepted_count;
};

struct audit {
	struct specification *spec;
	const struct audit_options *options;
	struct issue_list issues;
};

void audit_run(struct specification *spec, const struct audit_options *options, struct audit *ret);

/* An edit that was made, with the issue that asked for it. */
struct repair_step {
	const struct issue *issue;
	const struct spec_edit *edit;
	unsigned order;
};
struct repair {
	struct repair_step *items;
	uint32_t len, cap;
	double cost_before, cost_after; /* in cores' worth, of what repairs change (facts.yaml, cost) */
};
/* Changes the audit's specification; afterwards ret_after holds what is still wrong. */
void audit_repair(struct specification *spec, const struct audit_options *options, struct repair *ret, struct audit *ret_after);

/* For rules. */
bool audit_concerns(const struct audit *a, enum spec_env env);
struct issue *issue_add(struct audit *a, enum issue_kind kind, const char *id);
struct issue *issue_addf(struct audit *a, enum issue_kind kind, const char *fmt, ...) PRINTF_LIKE(3, 4);
void issue_title(struct audit *a, struct issue *i, const char *fmt, ...) PRINTF_LIKE(3, 4);
void issue_why(struct audit *a, struct issue *i, const char *fmt, ...) PRINTF_LIKE(3, 4);
void issue_repair(struct audit *a, struct issue *i, const char *fmt, ...) PRINTF_LIKE(3, 4);
void issue_source(struct issue *i, const char *source);
void issue_figure(struct issue *i, const char *what, double value, const char *unit);
void issue_set(struct issue *i, const char *what, double *number, double to, const char *unit);
void issue_say(struct issue *i, const char *what, const char **text, const char *to);
/* low + (high - low) x growth. */
double audit_at(const struct audit *a, struct range r);
/* Requests that are answered at the same time in one cluster of an environment; tenants share the users. */
double audit_parallel(const struct audit *a, enum spec_env env);
/* Hosted control planes that are planned for; 3 unless said. */
double audit_tenants(const struct audit *a);
/* What a model needs on cards: the larger of the specification's figure and weights + cache + overhead. */
double audit_model_vram(const struct audit *a, enum spec_env env, const struct spec_model *m, double *ret_kv);

/* The cheapest workers that hold an amount and their largest pod, none below the present ones. step: sizes of memory that can be bought. */
void audit_nodes(const struct specification *s, const struct spec_cluster *c, struct spec_amount need, double pod_cpu, double pod_memory, double step,
		 struct spec_cluster *ret);
/* What workers of an environment have to hold: everything in the cluster but that part of Kubernetes Base that control planes carry. */
struct spec_amount audit_worker_load(const struct specification *s, enum spec_env env);

#define AUDIT_RULE(name) void audit_##name(struct audit *a);
#include "platform/audit_rules.def"
#undef AUDIT_RULE

#endif
