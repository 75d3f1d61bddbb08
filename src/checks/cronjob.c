/* CronJobs. */
#include "checks/cron.h"
#include "checks/workload.h"

#define WHY_MAX 160

static bool is_suspended(const struct object *o)
{
	return value_get_bool(o->spec, "suspend", false);
}

static void run_suspended(struct check_run *run, const struct object *o)
{
	if (o->deleted || !is_suspended(o))
		return;
	usec_t last = value_get_time(o->status, "lastScheduleTime");
	const char *ran = last ? arena_printf(run->arena, "; it last ran %s ago", run_ago(run, last)) : "";
	struct finding *f = finding_new(run, o, "%s is suspended%s", run_text(run, o), ran);
	finding_field(run, f, o, "spec.suspend");
}

static void run_bad_schedule(struct check_run *run, const struct object *o)
{
	const char *schedule = value_get_str(o->spec, "schedule");
	struct cron c;
	char why[WHY_MAX];
	if (o->deleted || !*schedule || cron_parse(schedule, &c, why, sizeof(why)))
		return;
	struct finding *f = finding_new(run, o, "%s never runs: its schedule \"%s\" is not valid: %s", run_text(run, o), schedule, why);
	finding_field(run, f, o, "spec.schedule");
	const struct event *e = recent_event(run, o, "InvalidSchedule", 0);
	finding_event(run, f, e ? e : recent_event(run, o, "UnparseableSchedule", 0));
	f->since = o->created;
}

static void run_bad_zone(struct check_run *run, const struct object *o)
{
	const char *zone = value_get_str(o->spec, "timeZone");
	const struct event *e = recent_event(run, o, "UnknownTimeZone", 0);
	bool odd = *zone && (zone[strspn(zone, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/")] || str_eq(zone, "Local"));
	if (o->deleted || !*zone || (!odd && !e))
		return;
	struct finding *f = finding_new(run, o, "%s never runs: its time zone \"%s\" is not known", run_text(run, o), zone);
	finding_field(run, f, o, "spec.timeZone");
	finding_event(run, f, e);
	f->since = o->created;
}

static void run_negative_deadline(struct check_run *run, const struct object *o)
{
	int64_t deadline = value_get_int(o->spec, "startingDeadlineSeconds", 0);
	if (o->deleted || deadline >= 0)
		return;
	struct finding *f = finding_new(run, o, "%s never runs: its startingDeadlineSeconds is %lld", run_text(run, o), (long long)deadline);
	finding_field(run, f, o, "spec.startingDeadlineSeconds");
}

/* Two runs in a row are overdue: one may be a matter of moments, or of a time zone's shift. */
static void run_missed(struct check_run *run, const struct object *o)
{
	static const char *const reasons[] = {"TooManyMissedTimes", "MissSchedule", "FailedNeedsStart"};
	struct cron c;
	char why[WHY_MAX];
	usec_t last = value_get_time(o->status, "lastScheduleTime"), now = inventory_now(run->inv);
	const char *zone = value_get_str(o->spec, "timeZone");
	if (o->deleted || is_suspended(o) || !cron_parse(value_get_str(o->spec, "schedule"), &c, why, sizeof(why)))
		return;
	usec_t slack = *zone && !str_eq(zone, "Etc/UTC") && !str_eq(zone, "UTC") ? USEC_PER_DAY : 5 * USEC_PER_MINUTE;
	usec_t first = last ? cron_next(&c, last) : 0, second = first ? cron_next(&c, first) : 0;
	const struct event *e = NULL;
	for (size_t i = 0; i < ARRAY_LEN(reasons) && !e; i++)
		e = recent_event(run, o, reasons[i], USEC_PER_HOUR);
	bool overdue = second && now > second + slack;
	if (!overdue && (!e || e->last < last))
		return;
	bool busy = value_len(value_get(o->status, "active")) > 0 && str_eq(value_get_str(o->spec, "concurrencyPolicy"), "Forbid");
	struct finding *f =
		finding_new(run, o, "%s has missed its runs%s%s%s", run_text(run, o), last ? ": the last was " : "",
			    last ? arena_printf(run->arena, "%s ago (schedule \"%s\")", run_ago(run, last), value_get_str(o->spec, "schedule")) : "",
			    busy ? "; its last Job still runs, and concurrencyPolicy is Forbid" : "");
	finding_field(run, f, o, "spec.schedule");
	if (last)
		finding_field(run, f, o, "status.lastScheduleTime");
	finding_event(run, f, e);
	if (e && strstr(e->message, "too many missed"))
		finding_fix(
			run, f,
			"More than 100 runs were missed, so the controller starts none: set startingDeadlineSeconds (3600, say), and it looks no further "
			"back than that.");
	if (busy) {
		finding_subject(run, f, KIND_JOB, o->ns, value_str(value_at(o->status, "active[0].name"), ""));
		finding_field(run, f, o, "status.active");
		finding_fix(run, f,
			    "See why its Job does not end, or let it be replaced (concurrencyPolicy: Replace) or ended (activeDeadlineSeconds).");
	}
	f->since = first;
}

static void run_last_failed(struct check_run *run, const struct object *o)
{
	const struct object *last = NULL;
	for (uint32_t i = 0; i < o->child_count; i++) {
		const struct object *job = o->children[i];
		bool failed = str_eq(condition_status(job, "Failed"), "True");
		if (job->kind->id == KIND_JOB && (failed || str_eq(condition_status(job, "Complete"), "True")) &&
		    (!last || job->created >= last->created))
			last = job;
	}
	if (o->deleted || !last || !str_eq(condition_status(last, "Failed"), "True"))
		return;
	usec_t good = value_get_time(o->status, "lastSuccessfulTime");
	const char *since = good ? arena_printf(run->arena, "it last succeeded %s ago", run_ago(run, good)) : "it has not succeeded yet";
	struct finding *f = finding_new(run, o, "The last Job of %s, %s, has failed; %s", run_text(run, o), last->name, since);
	uint32_t index;
	condition_find(last, "Failed", &index);
	finding_fieldf(run, f, last, "status.conditions[%u].reason", index);
	if (good)
		finding_field(run, f, o, "status.lastSuccessfulTime");
	finding_subject_object(run, f, last);
	finding_fix(run, f, "See why %s failed.", run_text(run, last));
	f->since = good ? good : o->created;
}

const struct check check_cronjob_suspended = {
	.id = "cronjob/suspended",
	.kind = KIND_CRON_JOB,
	.severity = SEVERITY_INFO,
	.title = "CronJob is suspended",
	.explain = "spec.suspend is true: no Jobs are started.",
	.fix = "Set spec.suspend to false when it should run.",
	.run = run_suspended,
};

const struct check check_cronjob_bad_schedule = {
	.id = "cronjob/bad-schedule",
	.kind = KIND_CRON_JOB,
	.severity = SEVERITY_ERROR,
	.title = "Schedule is not valid",
	.explain =
		"spec.schedule cannot be read, or names a day that never comes (31 February). The API server lets some of these through; the controller then "
		"starts nothing.",
	.fix = "Write the schedule as minute, hour, day of month, month, day of week: \"30 4 * * 1\" is Mondays at 4:30.",
	.run = run_bad_schedule,
};

const struct check check_cronjob_bad_time_zone = {
	.id = "cronjob/bad-time-zone",
	.kind = KIND_CRON_JOB,
	.severity = SEVERITY_ERROR,
	.title = "Time zone is not known",
	.explain = "spec.timeZone is no name of the time zone database as the controller has it.",
	.fix = "Use a name such as Europe/London or Etc/UTC.",
	.run = run_bad_zone,
};

const struct check check_cronjob_negative_deadline = {
	.id = "cronjob/negative-deadline",
	.kind = KIND_CRON_JOB,
	.severity = SEVERITY_ERROR,
	.title = "Starting deadline is negative",
	.explain = "spec.startingDeadlineSeconds is below 0: every run counts as missed.",
	.fix = "Set startingDeadlineSeconds to at least 10, or take it out.",
	.run = run_negative_deadline,
};

const struct check check_cronjob_missed = {
	.id = "cronjob/missed",
	.kind = KIND_CRON_JOB,
	.severity = SEVERITY_WARNING,
	.title = "CronJob misses its runs",
	.explain =
		"Two runs or more are overdue by the schedule, or the controller says that it missed some. A running Job with concurrencyPolicy Forbid is named.",
	.fix = "See that kube-controller-manager runs, and that startingDeadlineSeconds is not too short.",
	.run = run_missed,
};

const struct check check_cronjob_last_failed = {
	.id = "cronjob/last-failed",
	.kind = KIND_CRON_JOB,
	.severity = SEVERITY_ERROR,
	.title = "Last Job of a CronJob failed",
	.explain = "The newest Job of the CronJob that came to an end has failed. See job/failed for why.",
	.fix = "See why its last Job failed.",
	.run = run_last_failed,
};
