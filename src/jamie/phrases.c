/* What a question says besides names: kinds, states, times, numbers, orders, and whether it goes on from the last one. */
#include "jamie/question.h"

#include <ctype.h>

unsigned words_match(const struct question *q, unsigned at, const char *pattern)
{
	unsigned n = 0;

	while (*pattern) {
		size_t len = strcspn(pattern, " ");
		bool found = false;

		if (at + n >= q->word_count || q->words[at + n].role == WORD_NAME || q->words[at + n].role == WORD_TAKEN)
			return 0;
		for (size_t i = 0; i < len && !found;) {
			size_t part = strcspn(pattern + i, "/ ");
			char keyword[40];

			if (part < sizeof(keyword)) {
				memcpy(keyword, pattern + i, part);
				keyword[part] = '\0';
				found = word_is(&q->words[at + n], keyword);
			}
			i += part + 1;
		}
		if (!found)
			return 0;
		n++;
		pattern += len + (pattern[len] == ' ');
	}
	return n;
}

/* Longer ways to say come first. KIND_COUNT: any workload. */
static const struct {
	const char *pattern;
	enum kind_id kind;
} kinds[] = {
	{"horizontal pod autoscaler/autoscalers", KIND_HORIZONTAL_POD_AUTOSCALER},
	{"pod disruption budget/budgets", KIND_POD_DISRUPTION_BUDGET},
	{"persistent volume claim/claims", KIND_PERSISTENT_VOLUME_CLAIM},
	{"disruption budget/budgets", KIND_POD_DISRUPTION_BUDGET},
	{"persistent volume/volumes", KIND_PERSISTENT_VOLUME},
	{"volume/storage claim/claims", KIND_PERSISTENT_VOLUME_CLAIM},
	{"config map/maps", KIND_CONFIG_MAP},
	{"service account/accounts", KIND_SERVICE_ACCOUNT},
	{"replica set/sets", KIND_REPLICA_SET},
	{"stateful set/sets", KIND_STATEFUL_SET},
	{"daemon set/sets", KIND_DAEMON_SET},
	{"cron job/jobs", KIND_CRON_JOB},
	{"scheduled job/jobs/task/tasks", KIND_CRON_JOB},
	{"ingress class/classes", KIND_INGRESS_CLASS},
	{"network policy/policies", KIND_NETWORK_POLICY},
	{"storage class/classes", KIND_STORAGE_CLASS},
	{"resource quota/quotas", KIND_RESOURCE_QUOTA},
	{"limit range/ranges", KIND_LIMIT_RANGE},
	{"worker node/nodes", KIND_NODE},
	{"cluster role/roles", KIND_CLUSTER_ROLE},
	{"pod/pods/po/container/containers/replicas/instances", KIND_POD},
	{"node/nodes/machine/machines/host/hosts/vm/vms/workers", KIND_NODE},
	{"namespace/namespaces/ns/environments/projects", KIND_NAMESPACE},
	{"deployment/deployments", KIND_DEPLOYMENT},
	{"service/services/svc/svcs", KIND_SERVICE},
	{"configmap/configmaps/config/configs/configuration/cm", KIND_CONFIG_MAP},
	{"secret/secrets", KIND_SECRET},
	{"serviceaccount/serviceaccounts/sa", KIND_SERVICE_ACCOUNT},
	{"pv/pvs", KIND_PERSISTENT_VOLUME},
	{"pvc/pvcs/claim/claims/volume/volumes/disks", KIND_PERSISTENT_VOLUME_CLAIM},
	{"replicaset/replicasets/rs", KIND_REPLICA_SET},
	{"statefulset/statefulsets/sts", KIND_STATEFUL_SET},
	{"daemonset/daemonsets/ds", KIND_DAEMON_SET},
	{"job/jobs", KIND_JOB},
	{"cronjob/cronjobs/cron/crons/cj", KIND_CRON_JOB},
	{"ingress/ingresses/ing/routes", KIND_INGRESS},
	{"netpol/netpols/policy/policies", KIND_NETWORK_POLICY},
	{"hpa/hpas/autoscaler/autoscalers", KIND_HORIZONTAL_POD_AUTOSCALER},
	{"pdb/pdbs", KIND_POD_DISRUPTION_BUDGET},
	{"storageclass/storageclasses", KIND_STORAGE_CLASS},
	{"quota/quotas/resourcequota", KIND_RESOURCE_QUOTA},
	{"lease/leases", KIND_LEASE},
	{"webhook/webhooks", KIND_VALIDATING_WEBHOOK},
	{"workload/workloads/app/apps/application/applications/programs/microservices/components", KIND_COUNT},
};

static const struct {
	const char *pattern;
	enum state_filter state;
} states[] = {
	{"not ready", STATE_NOT_READY},
	{"not healthy/ok/fine/well/happy/working", STATE_UNHEALTHY},
	{"not running/up/starting/started", STATE_UNHEALTHY},
	{"in trouble", STATE_UNHEALTHY},
	{"no endpoints/backends/endpoint", STATE_UNHEALTHY},
	{"to nothing", STATE_UNHEALTHY},
	{"have/has/with problems/problem/issues/issue/trouble/errors", STATE_UNHEALTHY},
	{"not there/found/existing", STATE_MISSING},
	{"missing/absent/nonexistent", STATE_MISSING},
	{"in pending", STATE_PENDING},
	{"out of memory", STATE_OOM},
	{"crash looping/loop/loops", STATE_CRASHING},
	{"image pull", STATE_IMAGE_PULL},
	{"being deleted", STATE_TERMINATING},
	{"unready/notready", STATE_NOT_READY},
	{"pending/unscheduled/unschedulable/waiting", STATE_PENDING},
	{"crashing/crashlooping/crash-looping/crashloopbackoff/crashloop/crashes", STATE_CRASHING},
	{"failing/broken/unhealthy/bad/sick/down/dead/problematic/degraded/unavailable/faulty/struggling/troubled/stuck/sad/worst", STATE_UNHEALTHY},
	{"restarting/restarted/restarts", STATE_RESTARTING},
	{"oom/oomkilled/oom-killed/oomed", STATE_OOM},
	{"imagepullbackoff/errimagepull", STATE_IMAGE_PULL},
	{"evicted", STATE_EVICTED},
	{"failed/errored", STATE_FAILED},
	{"completed/finished/succeeded", STATE_COMPLETED},
	{"terminating/deleting", STATE_TERMINATING},
	{"recovered", STATE_RECOVERED},
	{"running", STATE_RUNNING},
	{"ready", STATE_READY},
	{"healthy", STATE_HEALTHY},
};

const char *state_text(enum state_filter s)
{
	static const char *const texts[] = {
		[STATE_ANY] = "",
		[STATE_UNHEALTHY] = "unhealthy",
		[STATE_HEALTHY] = "healthy",
		[STATE_RUNNING] = "running",
		[STATE_PENDING] = "pending",
		[STATE_NOT_READY] = "not ready",
		[STATE_READY] = "ready",
		[STATE_RESTARTING] = "restarting",
		[STATE_CRASHING] = "crashing",
		[STATE_OOM] = "killed for memory",
		[STATE_IMAGE_PULL] = "waiting for an image",
		[STATE_EVICTED] = "evicted",
		[STATE_FAILED] = "failed",
		[STATE_COMPLETED] = "completed",
		[STATE_TERMINATING] = "terminating",
		[STATE_RECOVERED] = "recovered",
		[STATE_MISSING] = "missing",
	};

	return (size_t)s < ARRAY_LEN(texts) ? texts[s] : "";
}

static unsigned mark_kind(struct question *q, unsigned at)
{
	for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
		unsigned n = words_match(q, at, kinds[k].pattern);

		if (!n)
			continue;
		/* "ReplicaSet" written as one slip of "replicas" is caught by the exact words that come first in the table. */
		for (unsigned i = 0; i < n; i++) {
			q->words[at + i].role = WORD_KIND;
			q->words[at + i].kind = kinds[k].kind < KIND_CUSTOM ? &kind_table[kinds[k].kind] : NULL;
		}
		return n;
	}
	return 0;
}

/* "container web": the word after it, unless it goes on about containers in general. */
static unsigned mark_container(struct question *q, unsigned at)
{
	static const char *const general[] = {"is",     "are",      "in",   "of",  "that", "which", "logs", "log", "image",
					      "images", "restarts", "does", "has", "have", "keeps", "and",  "the"};
	struct word *next = at + 1 < q->word_count ? &q->words[at + 1] : NULL;

	if (!str_eq(q->words[at].text, "container") || !next)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(general); i++)
		if (str_eq(next->text, general[i]))
			return 0;
	q->container = next->text;
	q->words[at].role = next->role = WORD_TAKEN;
	return 2;
}

static unsigned mark_state(struct question *q, struct arena *a, unsigned at)
{
	for (size_t s = 0; s < ARRAY_LEN(states); s++) {
		unsigned n = words_match(q, at, states[s].pattern);

		if (!n)
			continue;
		for (unsigned i = 0; i < n; i++)
			q->words[at + i].role = WORD_STATE;
		if (q->state == STATE_ANY) {
			q->state = states[s].state;
			q->state_words = question_words(q, a, at, n);
		}
		return n;
	}
	return 0;
}

/* ---- Times ------------------------------------------------------------------------------------------------------------------ */

static usec_t unit_of(const struct word *w)
{
	static const struct {
		const char *pattern;
		usec_t span;
	} units[] = {{"second/seconds/sec/secs/s", USEC_PER_SEC},
		     {"minute/minutes/min/mins/m", USEC_PER_MINUTE},
		     {"hour/hours/hr/hrs/h", USEC_PER_HOUR},
		     {"day/days/d", USEC_PER_DAY},
		     {"week/weeks/w", 7 * USEC_PER_DAY},
		     {"month/months", 30 * USEC_PER_DAY},
		     {"night", 12 * USEC_PER_HOUR}};
	struct question one = {.word_count = 1};

	one.words[0] = *w;
	one.words[0].role = WORD_PLAIN;
	for (size_t i = 0; i < ARRAY_LEN(units); i++)
		if (words_match(&one, 0, units[i].pattern))
			return units[i].span;
	return 0;
}

static int64_t number_of(const struct word *w)
{
	static const char *const words[] = {"zero",  "one",   "two",  "three", "four",   "five",  "six",
					    "seven", "eight", "nine", "ten",   "eleven", "twelve"};
	char *end;
	int64_t n = strtoll(w->text, &end, 10);

	if (isdigit((unsigned char)w->text[0]) && !*end)
		return n;
	for (size_t i = 1; i < ARRAY_LEN(words); i++)
		if (str_eq(w->text, words[i]))
			return (int64_t)i;
	if (str_eq(w->text, "a") || str_eq(w->text, "an"))
		return 1;
	return str_eq(w->text, "few") || str_eq(w->text, "couple") ? 3 : 0;
}

/* "30 minutes", "an hour", "hour", "90m", "half an hour"; returns the words it takes. */
static unsigned match_span(const struct question *q, unsigned at, usec_t *ret)
{
	int64_t n;

	if (at >= q->word_count)
		return 0;
	if (words_match(q, at, "half an hour")) {
		*ret = 30 * USEC_PER_MINUTE;
		return 3;
	}
	if (isdigit((unsigned char)q->words[at].text[0]) && clock_parse_span(q->words[at].text, ret) && *ret)
		return 1;
	if (unit_of(&q->words[at])) {
		*ret = unit_of(&q->words[at]);
		return 1;
	}
	n = number_of(&q->words[at]);
	if (n > 0 && n < 100000 && at + 1 < q->word_count && unit_of(&q->words[at + 1])) {
		*ret = n * unit_of(&q->words[at + 1]);
		return 2;
	}
	return 0;
}

static usec_t day_start(usec_t t)
{
	return t - t % USEC_PER_DAY;
}

/* "10:00", "9am", "14:30": the latest one before now. */
static unsigned match_clock(const struct question *q, unsigned at, usec_t now, usec_t *ret)
{
	const char *s = at < q->word_count ? q->words[at].text : "";
	char *end;
	int64_t hour = strtoll(s, &end, 10), minute = 0;
	bool colon = *end == ':';
	usec_t t;

	if (!isdigit((unsigned char)s[0]) || hour > 24)
		return 0;
	if (clock_parse_rfc3339(s, strlen(s), &t)) {
		*ret = t;
		return 1;
	}
	if (colon)
		minute = strtoll(end + 1, &end, 10);
	if (str_eq(end, "pm") || str_eq(end, "am"))
		hour = hour % 12 + (end[0] == 'p' ? 12 : 0);
	else if (!colon || *end || minute > 59)
		return 0;
	t = day_start(now) + hour * USEC_PER_HOUR + minute * USEC_PER_MINUTE;
	*ret = t > now ? t - USEC_PER_DAY : t;
	return 1;
}

static unsigned match_day(const struct question *q, unsigned at, usec_t now, usec_t *ret)
{
	static const char *const weekdays[] = {"thursday", "friday", "saturday", "sunday", "monday", "tuesday", "wednesday"};
	int64_t day = now / USEC_PER_DAY;

	if (words_match(q, at, "yesterday"))
		*ret = day_start(now) - USEC_PER_DAY;
	else if (words_match(q, at, "today/midnight"))
		*ret = day_start(now);
	else if (words_match(q, at, "this morning"))
		*ret = day_start(now) + 5 * USEC_PER_HOUR;
	else if (words_match(q, at, "last night"))
		*ret = day_start(now) - 6 * USEC_PER_HOUR;
	else if (words_match(q, at, "recently/lately"))
		*ret = now - USEC_PER_HOUR;
	else {
		/* 1970-01-01 was a Thursday. A recording without times is as of then: days before it count backwards. */
		for (int64_t back = 1; back <= 7 && at < q->word_count; back++) {
			if (str_eq(q->words[at].text, weekdays[((day - back) % 7 + 7) % 7])) {
				*ret = (day - back) * USEC_PER_DAY;
				return 1;
			}
		}
		return 0;
	}
	return words_match(q, at, "this morning") || words_match(q, at, "last night") ? 2 : 1;
}

static unsigned match_time(const struct question *q, unsigned at, usec_t now, usec_t *ret)
{
	unsigned lead, n;
	usec_t span;

	n = match_day(q, at, now, ret);
	if (n)
		return n;
	lead = words_match(q, at, "since/after/from");
	if (lead) {
		n = match_day(q, at + lead, now, ret);
		n = n ? n : match_clock(q, at + lead, now, ret);
		if (n)
			return lead + n;
	}
	lead = words_match(q, at, "in/over/within the last/past");
	lead = lead ? lead : words_match(q, at, "the last/past");
	lead = lead ? lead : words_match(q, at, "last/past");
	if (lead && (n = match_span(q, at + lead, &span))) {
		*ret = now - span;
		return lead + n;
	}
	n = match_span(q, at, &span);
	if (n && words_match(q, at + n, "ago")) {
		*ret = now - span;
		return n + 1;
	}
	return 0;
}

static unsigned mark_time(struct question *q, struct arena *a, unsigned at, usec_t now)
{
	usec_t t = 0;
	unsigned n = match_time(q, at, now, &t);

	if (n && !q->since) {
		q->since = MAX(t, (usec_t)1);
		q->since_words = question_words(q, a, at, n);
	}
	for (unsigned i = at; i < at + n; i++)
		q->words[i].role = WORD_TAKEN;
	return n;
}

/* ---- The rest --------------------------------------------------------------------------------------------------------------- */

static bool anywhere(const struct question *q, const char *pattern)
{
	for (unsigned i = 0; i < q->word_count; i++)
		if (words_match(q, i, pattern))
			return true;
	return false;
}

static void mark_flags(struct question *q)
{
	q->previous_log = anywhere(q, "previous/prior/crashed") || anywhere(q, "before the/it crash/crashed/died/restart/restarted") ||
			  anywhere(q, "last crash/instance/run");
	q->pronoun = anywhere(q, "it/its/that/this/they/them/their/those/these/there/itself/one");
	q->everywhere = anywhere(q, "all namespaces") || anywhere(q, "whole/entire/complete cluster") ||
			anywhere(q, "everywhere/anywhere/overall/cluster-wide") || anywhere(q, "the/my/our/this cluster");
	q->per_namespace = anywhere(q, "per/by/each/every namespace/ns");
	q->follow_up =
		words_match(q, 0, "and/also/but/ok/okay/so/now") || words_match(q, 0, "what/how about") || words_match(q, 0, "same for/in/with");
	if (anywhere(q, "most/highest restarts/restarted/restarting") || anywhere(q, "top restarts/restarters") ||
	    anywhere(q, "by restarts/restart") || ((anywhere(q, "restarts/restarted/restarting/restart")) && anywhere(q, "most/often")))
		q->order = ORDER_MOST_RESTARTS;
	else if (anywhere(q, "oldest") || anywhere(q, "longest"))
		q->order = ORDER_OLDEST;
	else if (anywhere(q, "newest/youngest/latest") || anywhere(q, "most recent"))
		q->order = ORDER_NEWEST;
}

/* "the last 5", "20 lines", but not "older than 1 hour" or "returns 503". */
static bool counts_things(const struct question *q, unsigned at)
{
	bool led = at && (words_match(q, at - 1, "top/last/first/newest/oldest/latest/worst/only/just/show"));

	return led || words_match(q, at + 1, "line/lines/log/logs/pods/events/worst/top/things/problems");
}

void question_phrases(struct question *q, struct arena *a, usec_t now)
{
	mark_flags(q);
	question_log_count(q, a);
	for (unsigned i = 0; i < q->word_count;) {
		unsigned n = q->words[i].role == WORD_TAKEN ? 1 : mark_time(q, a, i, now);

		n = n ? n : mark_container(q, i);
		n = n ? n : mark_kind(q, i);
		n = n ? n : mark_state(q, a, i);
		if (!n) {
			int64_t number = number_of(&q->words[i]);

			if (number > 0 && isdigit((unsigned char)q->words[i].text[0]) && !q->number && counts_things(q, i))
				q->number = number;
			n = 1;
		}
		i += n;
	}
}
