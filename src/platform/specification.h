/* specification: the tables of data/platform/ as figures that a plan computes with, an audit compares and a repair changes.
 *
 * What the specification does not say is 0 or "". Decimal units: GB is 10^9 bytes, 1 TB is 1000 GB. `source` is where a row stands in the
 * document. A repair writes into a specification (its own copy, read anew), never into the data.
 * Ownership: everything lives in the ctx's arena or in the program. Thread rule: one thread at a time per specification. */
#ifndef PLATFORM_SPECIFICATION_H
#define PLATFORM_SPECIFICATION_H

#include "base/ctx.h"
#include "format/value.h"

/* The four environments; a plan of SPEC_KAMAJI has the tenants' clusters, too. */
enum spec_env { SPEC_DEV, SPEC_PRODUCTION, SPEC_KAMAJI, SPEC_TENANT, SPEC_ENVS };
#define SPEC_ALL ((1u << SPEC_ENVS) - 1)
const char *spec_env_id(enum spec_env env);
/* SPEC_ENVS: none of them. */
enum spec_env spec_env_of(const char *id);

struct range {
	double min, max;
};

struct spec_amount {
	double cpu, memory_gb, storage_gb;
};

#define SPEC_COMPONENTS 12
#define SPEC_AGENTS 3
struct spec_component {
	const char *id, *title;
	struct spec_amount has;
	bool outside; /* of the cluster: the machine's own */
	const struct spec_agent *agents[SPEC_AGENTS];
	unsigned agent_count;
};

struct spec_budget {
	const char *title, *source;
	struct spec_amount total;
	double gpus;
	struct range vram_gb; /* of each card: the choices that the text allows */
	const char *gpu_text;
	struct spec_component components[SPEC_COMPONENTS];
	unsigned component_count;
};

struct spec_cluster {
	const char *title, *source;
	double control_planes, workers;
	double cpu, memory_gb;              /* of each worker */
	double control_cpu, control_memory; /* of each control plane node */
	double largest_cpu, largest_memory; /* of the largest machine of this environment */
	const struct value *namespaces;
};

#define SPEC_MACHINES 8
struct spec_machine {
	const char *id, *title, *source;
	enum spec_env env;
	double cores, memory_gb, storage_gb, nic_gbps, gpus, vram_gb;
	const char *gpu_text;
	double count;        /* machines: 1, or what a repair says */
	const char *meaning; /* how the row is to be read, when a repair had to say it */
};

struct spec_agent {
	const char *id, *title, *source;
	struct range cores[2], memory_gb[2], vram_gb[2]; /* minimum, recommended */
	struct range storage_gb;
};

#define SPEC_VOLUMES 16
struct spec_volume {
	const char *id, *title, *text, *growth_text, *type;
	struct range size_gb, growth_gb_day, retention_days; /* retention 0: kept for ever */
	bool each;                                           /* the size is of one of them */
	bool in_observability;
};

#define SPEC_MODELS 8
struct spec_model {
	const char *id, *name, *heading, *use, *format;
	double vram_gb;                        /* as the specification says */
	double weights_gb, kv_bytes_per_token; /* as computed from facts */
	bool custom;
};

#define SPEC_PORTS 40
struct spec_port {
	const char *id, *text, *group, *program;
	double port; /* 0: removed by a repair */
	double to;
	bool development;
	const char *note; /* how it is shared, set by a repair */
};

struct spec_bandwidth {
	double internet_gbps, internal_gbps;
};

struct spec_class {
	const char *id, *default_of, *needs;
	unsigned envs;
	const char *note; /* set by a repair */
};

struct spec_tool {
	const char *id, *title, *text, *minimum, *runs;
	const char *pinned; /* set by a repair */
};

struct spec_event {
	const char *id, *needs;
	const char *granted; /* the scope that a repair adds */
};

struct spec_alert {
	const char *id, *text, *measure;
	bool has_number;
	double number;
	const struct value *otherwise; /* what we take when there is none */
	const char *note;
};

struct spec_package {
	const char *id, *instead;
	bool exists;
	const char *name; /* what is installed */
};

#define SPEC_ROWS 32
#define SPEC_TABLES 10
extern const char *const spec_table_names[SPEC_TABLES]; /* files of data/platform, as tables[] has them */
struct specification {
	struct arena *arena;
	struct value facts; /* data/platform/facts.yaml */
	struct value tables[SPEC_TABLES];
	struct spec_budget budgets[SPEC_ENVS];
	struct spec_cluster clusters[SPEC_ENVS];
	struct spec_bandwidth bandwidth[SPEC_ENVS];
	struct spec_machine machines[SPEC_MACHINES];
	struct spec_agent agents[SPEC_AGENTS];
	struct spec_volume volumes[SPEC_VOLUMES];
	struct spec_model models[SPEC_MODELS];
	struct spec_port ports[SPEC_PORTS];
	struct spec_class classes[SPEC_ROWS];
	struct spec_tool tools[SPEC_ROWS];
	struct spec_event events[SPEC_ROWS];
	struct spec_alert alert_rows[SPEC_ROWS];
	struct spec_package packages[SPEC_ROWS];
	const struct value *scopes;
	unsigned machine_count, volume_count, model_count, port_count, class_count, tool_count, event_count, alert_count, package_count;
	/* What a repair adds beside the rows: notes by name, so that a rule sees that it was answered. */
	const char *redis_in;    /* the allocation that Redis is part of */
	const char *models_name; /* what the models are called */
	double volume_tenants;   /* hosted control planes that the allocation is for */
	const char *apple;       /* what is said of Apple's GPUs */
	const char *extra_ports;
	const char *python;
	const char *scarlet_dev;
	const char *vllm_measure;
	const char *agent_vram[SPEC_AGENTS];
};

/* ERR_INTERNAL when the program's own data are wrong. */
int specification_read(struct ctx *ctx, struct specification *ret, struct err *err);

/* Sum of what the components get; with in_cluster only those inside of the cluster. */
struct spec_amount spec_sum(const struct spec_budget *b, bool in_cluster);
const struct spec_component *spec_component(const struct spec_budget *b, const char *id);
const struct spec_model *spec_model(const struct specification *s, const char *id);
const struct spec_agent *spec_agent(const struct specification *s, const char *id);
/* facts.yaml's NAME.KEY as a number. */
double spec_fact(const struct specification *s, const char *path, double otherwise);
/* Does a row's `environments` name one of these? Without such a list it is of all. */
bool spec_in(const struct value *row, unsigned envs);

#endif
