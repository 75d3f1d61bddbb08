/* plan: an environment of the platform in figures: nodes, allocations, volumes over time, ports and who talks to whom, models and their GPU
 * memory, power and money; with what the audit says of it, and repaired when asked.
 *
 * Ownership: everything lives in the ctx's arena; the texts of options in their owner. Thread rule: one thread at a time per ctx. */
#ifndef PLATFORM_PLAN_H
#define PLATFORM_PLAN_H

#include "platform/audit.h"

#define PLAN_MAX_TENANTS 100000
#define PLAN_MAX_USERS 10000000
#define PLAN_MAX_MONTHS 240
#define PLAN_MAX_CONTEXT 131072

struct plan_options {
	const char *environment;             /* dev, production, kamaji */
	int tenants, users, months, context; /* 0: not said */
	double growth;                       /* 0 the lower end of each range, 1 the upper one */
	double factor;                       /* times that */
	bool repair;
	const char *const *accepted;
	unsigned accepted_count;
	usec_t start;               /* the day on which it begins */
	const struct value *prices; /* NULL: no money */
};

/* A cluster of the environment: one, or with kamaji the management cluster and the tenants'. */
struct plan_part {
	enum spec_env env;
	double count; /* so many of them */
	const struct spec_cluster *cluster;
	const struct spec_budget *budget;
	struct spec_amount sum; /* of the components */
};

struct plan_volume {
	const struct spec_volume *volume;
	enum spec_env env;
	double size_gb, growth_gb_day, retention_days; /* of each cluster */
	double end_gb;                                 /* in it after the months that are planned */
	double full_days;                              /* from the start; below 0: never */
	char full_date[12];
};
struct plan_volume_list {
	struct plan_volume *items;
	uint32_t len, cap;
};

struct plan_model {
	enum spec_env env;
	const struct spec_model *model;
	double kv_gb, need_gb, parallel;
};
struct plan_model_list {
	struct plan_model *items;
	uint32_t len, cap;
};

struct plan_flow {
	const char *from, *to, *what;
	double port;
};
struct plan_flow_list {
	struct plan_flow *items;
	uint32_t len, cap;
};

struct plan_money {
	const char *currency;
	double machines, storage, gpus, energy; /* a month */
};

struct plan {
	const struct plan_options *options;
	const char *title;
	struct specification spec;
	struct plan_part parts[2];
	unsigned part_count;
	struct plan_volume_list volumes;
	struct plan_model_list models;
	struct plan_flow_list flows;
	double nodes, cores, memory_gb, storage_gb, gpus, watts;
	double download_minutes;   /* of all models, over the internet line */
	double growth_mbit_second; /* what is written, as a stream */
	double datastores;         /* for the hosted control planes */
	double context;            /* tokens */
	struct plan_money money;
	struct audit audit; /* after the repair, when there was one */
	struct audit_options audit_options;
	struct repair repair;
	struct issue_list answered; /* issues that the repair mended, and those accepted */
	unsigned open;              /* contradictions and gaps that stand */
};

/* ERR_USAGE: no such environment, or a figure out of range; an id of `accepted` that no rule knows here, with the near one in the message. */
int plan_make(struct ctx *ctx, const struct plan_options *options, struct plan *ret, struct err *err);
/* Does a port of the specification belong to this environment? */
bool plan_has_port(const struct plan *p, const struct spec_port *port);

#endif
