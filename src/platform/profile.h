/* profile: what the specification asks of a machine, of its software, its ports and its cluster, read from data/platform/ (platform/embedded.h).
 *
 * Numbers that the specification does not give are 0 and ask for nothing. Decimal units: a GB is 10^9 bytes, as the makers of disks count.
 * Ownership: everything lives in ctx's arena or in the program. Thread rule: one thread at a time per ctx. */
#ifndef PLATFORM_PROFILE_H
#define PLATFORM_PROFILE_H

#include "platform/specification.h"

/* What is asked of the hardware, by a profile or by a role. */
struct need {
	const char *source; /* the heading of the specification; NULL = none */
	double cores, clock_ghz;
	double memory_gb;
	bool ecc;
	double nvme_gb; /* on NVMe */
	double more_gb; /* besides, on disks of any kind; with more_ssd on no spinning ones */
	bool more_ssd;
	double iops;
	int64_t gpus;
	double vram_gb; /* of each GPU */
	bool gpu_optional;
	const char *gpu_text; /* the specification's own words, "" = none */
	double nic_gbps;
	bool wifi;      /* a wireless network will do */
	bool redundant; /* two cards of that speed */
};

struct profile {
	const char *id, *title;
	enum spec_env environment;
	struct need required, recommended; /* recommended asks for nothing where the specification knows no better machine */
};

struct role {
	const char *id, *title;
	struct need required, recommended;
};

/* A program or package of the specification's list. */
struct software {
	const char *id;                  /* in the facts: "kubectl", "fastapi" */
	const char *title;               /* as the specification writes it */
	const char *minimum;             /* NULL = any version */
	const char *better, *better_why; /* what the platform's own parts need, above the specification's; NULL = nothing more */
	const char *source;
	bool optional;         /* "optional but recommended" */
	bool development;      /* for local development only */
	const char *elsewhere; /* why it may be missing here: it runs in the cluster; NULL = it is needed on the machine */
};
struct software_list {
	struct software *items;
	uint32_t len, cap;
};

/* A port of the specification. */
struct port {
	uint16_t number;
	const char *what, *source;
	bool external;    /* reached from outside of the cluster */
	bool development; /* for local development only */
};
struct port_list {
	struct port *items;
	uint32_t len, cap;
};

/* An operating system, by os-release's ID ("macos" for Apple's). */
struct system_need {
	const char *id, *title, *minimum;
	const char *as; /* not named by the specification, but as good as this one; NULL = named */
	bool development_only;
};
struct system_list {
	const char *source;
	struct system_need *items;
	uint32_t len, cap;
};

struct storage_class_need {
	const char *name;
	bool required; /* false: the specification wants it, and nothing that is planned uses it */
};
struct storage_class_list {
	struct storage_class_need *items;
	uint32_t len, cap;
};

/* What a cluster of an environment must have. */
struct cluster_need {
	const char *title, *source, *version_source, *classes_source;
	const char *version; /* at least */
	int64_t control_planes, workers;
	double node_cores, node_memory_gb;
	struct storage_class_list storage_classes;
	const char *network; /* recommended plugins: "Cilium/Calico"; "" = any */
	bool load_balancer, gpu, quotas, kamaji;
};

/* Reading fails with ERR_USAGE for an id that is not there, and ERR_INTERNAL when the program's own data are wrong. */
int profile_read(struct ctx *ctx, const char *id, struct profile *ret, struct err *err);
int role_read(struct ctx *ctx, const char *id, struct role *ret, struct err *err);
int profile_tools(struct ctx *ctx, struct software_list *ret, struct err *err);
int profile_packages(struct ctx *ctx, struct software_list *ret, struct err *err);
int profile_ports(struct ctx *ctx, struct port_list *ret, struct err *err);
int profile_systems(struct ctx *ctx, struct system_list *ret, struct err *err);
int profile_cluster(struct ctx *ctx, enum spec_env environment, struct cluster_need *ret, struct err *err);

#endif
