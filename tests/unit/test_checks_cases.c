/* Every finding of every case file rests on evidence that is really there: paths resolve, events and logs exist, texts are fit to print;
 * and every check has a case in which it speaks, and one of its family in which it has something to look at and keeps silent. */
#include "unit.h"

#include "base/utf8.h"
#include "checks/rules.h"
#include "cluster/certificates.h"
#include "cluster/cluster.h"

#include <dirent.h>

#define CASES SOURCE_ROOT "/tests/cases/checks"

static const char *current; /* the file at hand, for messages */

static void verify_text(const struct finding *f, const char *what, const char *text)
{
	if (!text || !*text || strchr(text, '\n') || !utf8_valid(text, strlen(text)))
		fail_msg("%s: %s: %s is \"%s\"", current, f->check->id, what, text ? text : "(null)");
}

static void verify_evidence(const struct finding *f, const struct evidence *e)
{
	switch (e->type) {
	case EVIDENCE_FIELD:
		if (!e->object || !value_at(&e->object->root, e->path))
			fail_msg("%s: %s: %s leads nowhere", current, f->check->id, e->path);
		break;
	case EVIDENCE_EVENT:
		assert_non_null(e->event);
		assert_string_equal(e->text, e->event->message);
		break;
	case EVIDENCE_LOG:
		assert_true(e->object && e->first_line >= 1 && e->last_line >= e->first_line);
		break;
	case EVIDENCE_ABSENCE:
		assert_non_null(strchr(e->path, ' '));
		break;
	case EVIDENCE_EXTERNAL:
		fail_msg("%s: a check has no outside evidence", current);
	}
	assert_non_null(e->text);
}

static void verify_finding(struct check_run *run, const struct finding *f)
{
	verify_text(f, "message", f->message);
	verify_text(f, "fix", f->fix ? f->fix : f->check->fix);
	assert_non_null(f->object);
	/* Who reads only the message must know which object it is about. What is only a record of others (a probed certificate, a policy report
	 * with a made-up name) is told by whom it is about. */
	const char *name = str_eq(f->object->kind->name, PROBED_KIND) ? object_str(f->object, "spec.source.name") : f->object->name;
	if (strstr(f->object->kind->name, "PolicyReport") && f->subject.name)
		name = f->subject.name;
	if (!strstr(f->message, name))
		fail_msg("%s: %s does not name %s: %s", current, f->check->id, f->object->name, f->message);
	if (f->evidence_count == 0)
		fail_msg("%s: %s has no evidence", current, f->check->id);
	for (uint32_t i = 0; i < f->evidence_count; i++)
		verify_evidence(f, &f->evidence[i]);
	assert_true((f->subject.name == NULL) == (f->subject.kind_text == NULL));
	assert_true(f->subject.kind != KIND_COUNT || !f->subject.name);
	assert_true(f->since <= inventory_now(run->inv));
	if (f->proposal) {
		assert_true(f->proposal->target.name && f->proposal->parameters[0] == '{');
		assert_true(str_eq(f->proposal->risk, "low") || str_eq(f->proposal->risk, "medium") || str_eq(f->proposal->risk, "high"));
	}
}

struct coverage {
	struct hash fired;  /* ids of checks that some case makes speak */
	struct hash silent; /* ids of checks that ran, in a case of their family, over an object of theirs and said nothing */
};

static void note_check(struct hash *ids, const struct check *c)
{
	hash_put(ids, c->id, strlen(c->id), (void *)(uintptr_t)c);
}

static bool has_noted(const struct hash *ids, const struct check *c)
{
	return hash_get(ids, c->id, strlen(c->id));
}

/* Was there anything for the check to look at? */
static bool runs_over_something(const struct inventory *inv, const struct check *c)
{
	if (c->kind == KIND_COUNT)
		return inventory_object_count(inv) > 0;
	for (int kind = 0; kind < KIND_COUNT; kind++) {
		const struct object_list *list = inventory_list(inv, (enum kind_id)kind);
		if (c->kind != (enum kind_id)kind && !(c->also & KIND_BIT(kind)))
			continue;
		for (uint32_t i = 0; i < list->len; i++)
			if (kind != KIND_CUSTOM || !c->custom || check_names_kind(c, list->items[i]->kind))
				return true;
	}
	return false;
}

/* A check that speaks of whatever it is shown passes every positive case: the silent one is what it cannot pass. */
static void note_silent(struct coverage *coverage, const struct inventory *inv, const struct hash *fired_here, const char *family)
{
	size_t len = strlen(family);
	for (size_t i = 0; i < check_count; i++) {
		const struct check *c = check_table[i];
		if (strncmp(c->id, family, len) == 0 && c->id[len] == '/' && !has_noted(fired_here, c) && runs_over_something(inv, c))
			note_check(&coverage->silent, c);
	}
}

static void verify_case(const char *path, const char *family, const struct rules *rules, struct coverage *coverage)
{
	_cleanup_(hash_release) struct hash fired;
	struct ctx ctx;
	struct err err = {0};
	struct cluster_options options = {.from = path};
	struct cluster *cluster;
	struct check_options checks;
	struct check_run run;
	ctx_init(&ctx);
	hash_init(&fired);
	/* Cases are looked at when their first line says: one that is not (this test reads no comments) may only find less. */
	assert_true(clock_parse_rfc3339("2026-11-23T12:00:00Z", 20, &options.now));
	if (cluster_open(&ctx, &options, &cluster, &err))
		fail_msg("%s: %s", path, err.message);
	/* All that a case may ask for in its first lines. */
	check_options_init(&checks);
	checks.advice = true;
	checks.target_minor = 40;
	rules_set_options(rules, &checks);
	check_run_all(&run, cluster_inventory(cluster), &ctx.arena, &checks);
	for (uint32_t i = 0; i < run.findings.len; i++) {
		assert_int_equal(run.findings.items[i]->id, i);
		verify_finding(&run, run.findings.items[i]);
		note_check(&fired, run.findings.items[i]->check);
		note_check(&coverage->fired, run.findings.items[i]->check);
	}
	note_silent(coverage, cluster_inventory(cluster), &fired, family);
	cluster_free(cluster);
	ctx_release(&ctx);
}

static bool is_yaml(const char *name)
{
	size_t n = strlen(name);
	return n > 5 && str_eq(name + n - 5, ".yaml");
}

static void verify_both_ways(const struct coverage *coverage)
{
	static const char *const without_case[] = {"configmap/too-large"}; /* a megabyte: tests/unit/test_checks.c */
	unsigned missing = 0;
	for (size_t i = 0; i < check_count; i++) {
		const struct check *c = check_table[i];
		bool excused = false;
		for (size_t k = 0; k < ARRAY_LEN(without_case); k++)
			excused = excused || str_eq(c->id, without_case[k]);
		if (!excused && !has_noted(&coverage->fired, c) && ++missing)
			print_error("no case file makes %s speak\n", c->id);
		if (!has_noted(&coverage->silent, c) && ++missing)
			print_error("in no case of its family %s has something to look at and keeps silent\n", c->id);
	}
	assert_int_equal(missing, 0);
}

static unsigned verify_family(const char *family, const struct rules *rules, struct coverage *coverage)
{
	char folder[512], path[1024];
	unsigned files = 0;
	snprintf(folder, sizeof(folder), "%s/%s", CASES, family);
	DIR *d = opendir(folder);
	for (struct dirent *e; d && (e = readdir(d));) {
		if (!is_yaml(e->d_name))
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, e->d_name);
		current = path;
		verify_case(path, family, rules, coverage);
		files++;
	}
	if (d)
		closedir(d);
	return files;
}

static void findings_rest_on_what_is_there(void **state)
{
	static const char allowed[] = "registries: registry.example.com/shop";
	_cleanup_(rules_freep) struct rules *rules = rules_new();
	struct coverage coverage;
	DIR *top = opendir(CASES);
	unsigned files = 0;
	hash_init(&coverage.fired);
	hash_init(&coverage.silent);
	assert_int_equal(rules_parse(rules, "rules", allowed, sizeof(allowed) - 1, check_table, check_count, NULL), 0);
	assert_non_null(top);
	for (struct dirent *family; (family = readdir(top));)
		if (family->d_name[0] != '.')
			files += verify_family(family->d_name, rules, &coverage);
	closedir(top);
	assert_true(files > 200);
	verify_both_ways(&coverage);
	hash_release(&coverage.fired);
	hash_release(&coverage.silent);
}

RUN_TESTS(cmocka_unit_test(findings_rest_on_what_is_there))
