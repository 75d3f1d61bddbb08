/* Checks: pure functions from an inventory to findings.
 *
 * One file per checked kind (or family of checks) in this folder, one line per check in checks.def. A check states its id, kind, severity
 * and texts in one `const struct check`; its run function is called once per object of its kind (or once per inventory for KIND_COUNT).
 * A check reads only the inventory: no clock (inventory_now), no I/O, no order of other checks. It never concludes from what it
 * cannot see: test inventory_sees first. One trouble, one finding: what a more exact check reports, a vaguer one leaves out.
 * Ownership: findings and their texts live in the arena of the check_run. Thread rule: one thread per check_run. */
#ifndef CHECKS_CHECK_H
#define CHECKS_CHECK_H

#include "base/ctx.h"
#include "cluster/inventory.h"
#include "cluster/views.h"

enum severity { SEVERITY_INFO, SEVERITY_WARNING, SEVERITY_ERROR, SEVERITY_CRITICAL };
const char *severity_text(enum severity s); /* "info", "warning", "error", "critical" */
bool severity_parse(const char *s, enum severity *ret);

enum finding_state {
	FINDING_ACTIVE,    /* true now */
	FINDING_RECOVERED, /* was true; over now: history, never a cause */
};

enum evidence_type { EVIDENCE_FIELD, EVIDENCE_EVENT, EVIDENCE_LOG, EVIDENCE_ABSENCE, EVIDENCE_EXTERNAL };

/* One fact that a finding rests on, precise enough to be looked up again. */
struct evidence {
	enum evidence_type type;
	const struct object *object; /* whose field, event or log; NULL for EXTERNAL and for an absent object */
	const char *path; /* FIELD: "status.containerStatuses[0].state.waiting.reason"; LOG: container name; ABSENCE: "ConfigMap shop/settings" */
	const char *text; /* the value, the event's message or the log line, as read */
	const struct event *event;      /* EVENT */
	bool previous;                  /* LOG: of the previous instance */
	uint32_t first_line, last_line; /* LOG: 1-based range in the recorded log */
	usec_t when;                    /* 0 when the fact has no time */
};

/* A name that may or may not exist: what a finding points at. None when name is NULL. */
struct object_name {
	enum kind_id kind;           /* KIND_CUSTOM when it is no kind of kinds.def: an "Image", a "Taint"; KIND_COUNT = none */
	const char *kind_text;       /* "ConfigMap", "Image"; NULL = none */
	const char *ns, *name;       /* ns "" when it has none */
	const char *key;             /* which key of a ConfigMap or Secret, port of a Service ...; NULL = all of it */
	const struct object *object; /* NULL when it does not exist or is not seen */
};

/* A change that would certainly help, for a human or (later) an agent to approve. */
struct proposal {
	const char *action; /* "set-image", "scale", "create", "patch", "delete-pod", "rollback", "uncordon" ... */
	struct object_name target;
	const char *parameters; /* JSON object text */
	const char *risk;       /* "low", "medium", "high" */
};

struct check;
struct rules;
struct silence;

struct finding {
	const struct check *check;
	const struct object *object; /* what is wrong */
	const char *container;       /* "" or which container of the pod */
	enum severity severity;
	enum finding_state state;
	const char *message;        /* one sentence, naming the object and the number that matters */
	const char *fix;            /* what to do, in words, concrete; NULL = the check's own fix */
	struct object_name subject; /* what is missing or to blame: ConfigMap x, Node y, Service z; kind KIND_COUNT when the object itself */
	struct evidence *evidence;
	uint32_t evidence_count, evidence_cap;
	struct proposal *proposal;     /* or NULL */
	usec_t since, until;           /* first seen; until only when recovered; 0 = unknown */
	const struct silence *silence; /* who silenced it (rules.h); NULL = nobody. The finding is true all the same */
	uint32_t id;                   /* position in the run's list */
};

struct finding_list {
	struct finding **items;
	uint32_t len, cap;
};

struct check_run {
	const struct inventory *inv;
	struct arena *arena;
	struct finding_list findings;
	const struct check *check; /* the one being run */
	const struct check_options *options;
	struct check_index *index; /* what several checks look up, built on first use (index.h) */
	struct pod_view pod;       /* the pod read last: run_pod */
};

/* Numbers with their meaning and defaults: thresholds.def. */
struct check_options {
#define THRESHOLD_SPAN usec_t
#define THRESHOLD_COUNT int64_t
#define THRESHOLD_PERCENT int64_t
#define THRESHOLD(field, name, type, value, min, max, help) THRESHOLD_##type field;
#include "checks/thresholds.def"
#undef THRESHOLD
	const char *only_check;    /* an id, or "pod/" for a family; NULL = all but advice */
	bool advice;               /* also the checks that only advise (struct check) */
	int target_minor;          /* the Kubernetes version that the cluster shall get next is 1.N; 0 = the one after the server's */
	const struct rules *rules; /* NULL = none */
};
void check_options_init(struct check_options *o);
struct check;
/* Would a run with these options run the check? */
bool check_is_wanted(const struct check *c, const struct check_options *o);

/* "1.40" or "v1.40.2" -> 40. False when it is none: only major version 1 is known. */
bool version_parse(const char *s, int *ret_minor);

#define KIND_BIT(id) (UINT64_C(1) << (id))
_Static_assert(KIND_COUNT <= 64, "kinds fit a bit set");

struct check {
	const char *id;    /* "pod/crash-loop": stable for ever */
	enum kind_id kind; /* run once per object of it; KIND_COUNT: once with object NULL */
	uint64_t also;     /* KIND_BIT of further kinds it runs for */
	/* With KIND_CUSTOM: the kinds it runs for, "GROUP/KIND GROUP/KIND"; NULL = every custom object. */
	const char *custom;
	enum severity severity;
	const char *title;   /* a few words: "Container keeps crashing" */
	const char *explain; /* for `checks explain`: what it means, how it is detected, what usually causes it; paragraphs */
	const char *fix;     /* what to do in general */
	const char *peers;   /* what the peers' scanners call it: "k8sgpt Pod; Popeye 204, 207"; NULL = neither has it */
	bool advice;         /* good practice: nothing fails for it now. Severity info; runs only when asked for (check_options) */
	void (*run)(struct check_run *run, const struct object *o);
};

/* The whole catalogue, ordered by id. */
extern const struct check *const check_table[];
extern const size_t check_count;
const struct check *check_by_id(const char *id);
/* Is this custom kind among those that the check is for by name? */
bool check_names_kind(const struct check *c, const struct kind *kind);
/* Has this custom kind checks of its own? Then those for any custom kind leave its conditions to them. */
bool check_knows_kind(const struct kind *kind);
/* "Pod", "ReplicaSet, StatefulSet, DaemonSet"; "any kind"; "cluster" for KIND_COUNT. */
const char *check_kinds_text(struct arena *a, const struct check *c);

/* Runs every check over inv. Findings are ordered by object and check, the same on each run. */
void check_run_all(struct check_run *run, const struct inventory *inv, struct arena *arena, const struct check_options *options);

/* For checks: starts a finding about o (state ACTIVE, the check's severity) with a formatted message. */
struct finding *finding_new(struct check_run *run, const struct object *o, const char *fmt, ...) PRINTF_LIKE(3, 4);
void finding_fix(struct check_run *run, struct finding *f, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* It was true until then (0 = unknown) and is over. */
void finding_recovered(struct finding *f, usec_t until);
/* Has this check a finding about o whose subject has this name (and this key, unless NULL)? One finding per subject, however many paths lead there. */
bool finding_is_said(struct check_run *run, const struct object *o, const char *name, const char *key);
/* Evidence: a field, its value read by path; its absence when there is none. */
void finding_field(struct check_run *run, struct finding *f, const struct object *o, const char *path);
void finding_fieldf(struct check_run *run, struct finding *f, const struct object *o, const char *fmt, ...) PRINTF_LIKE(4, 5);
void finding_field_text(struct check_run *run, struct finding *f, const struct object *o, const char *path, const char *text);
/* e may be NULL: then nothing is added. */
void finding_event(struct check_run *run, struct finding *f, const struct event *e);
void finding_log(struct check_run *run, struct finding *f, const struct container_log *log, uint32_t first_line, uint32_t last_line,
		 const char *text);
void finding_absence(struct check_run *run, struct finding *f, const char *kind, const char *ns, const char *name);
void finding_subject(struct check_run *run, struct finding *f, enum kind_id kind, const char *ns, const char *name);
/* What another finding rests on, once more. */
void finding_evidence(struct check_run *run, struct finding *f, const struct evidence *e);
/* A subject that is an object at hand. */
void finding_subject_object(struct check_run *run, struct finding *f, const struct object *o);
/* The same by apiVersion group and kind name, for custom kinds and built-in ones. */
void finding_subject_custom(struct check_run *run, struct finding *f, const char *group, const char *kind, const char *ns, const char *name);
/* A subject that is no kind of kinds.def: "Image", "Taint". */
void finding_subject_text(struct check_run *run, struct finding *f, const char *kind_text, const char *name);
/* The target is the finding's object unless the caller sets proposal->target afterwards. */
void finding_propose(struct check_run *run, struct finding *f, const char *action, const char *risk, const char *parameters_json);
/* The same with string parameters: name, value, ..., NULL. */
void finding_propose_strings(struct check_run *run, struct finding *f, const char *action, const char *risk, ...) __attribute__((sentinel));

/* For checks: the pod as read by views.h; valid until run_pod is called for another one. */
const struct pod_view *run_pod(struct check_run *run, const struct object *pod);
/* "Pod shop/web-1" for messages. */
const char *run_text(struct check_run *run, const struct object *o);
/* "12 min" since t. */
const char *run_ago(struct check_run *run, usec_t t);
const char *run_span(struct check_run *run, usec_t span);
/* "250m", "1.5Gi": quantity_format in the run's arena. */
const char *run_quantity(struct check_run *run, double q, bool bytes);
/* N of the server's version 1.N, and of the one that the cluster gets next (check_options.target_minor); 0 = not known. */
int run_server_minor(const struct check_run *run);
int run_target_minor(const struct check_run *run);
/* How long ago, 0 when t is unknown or in the future. */
usec_t run_age(const struct check_run *run, usec_t t);
/* The value at a path as people read it, cut at 200 bytes; NULL when absent. */
const char *value_text(struct arena *a, const struct value *v);

#endif
