/* Questions and log lines: any text is understood somehow, and what it was taken for lies within it. */
#include "diagnose/log_scan.h"
#include "format/json.h"
#include "jamie/question.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const objects[] = {
	"{\"apiVersion\":\"v1\",\"kind\":\"Namespace\",\"metadata\":{\"name\":\"shop-production\"}}",
	"{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\",\"metadata\":{\"name\":\"checkout\",\"namespace\":\"shop-production\"},\"spec\":{}}",
	"{\"apiVersion\":\"v1\",\"kind\":\"Service\",\"metadata\":{\"name\":\"orders-db\",\"namespace\":\"shop-production\"},\"spec\":{\"clusterIP\":\"10.96.0.7\"}}",
	"{\"apiVersion\":\"v1\",\"kind\":\"Node\",\"metadata\":{\"name\":\"worker-1\"}}",
};

static struct inventory *small_cluster(void)
{
	struct inventory *inv = inventory_new();
	struct err err;

	for (size_t i = 0; i < ARRAY_LEN(objects); i++) {
		struct value v;

		if (json_parse(inventory_builder(inv), objects[i], strlen(objects[i]), NULL, &v, &err) < 0 || inventory_add(inv, NULL, &v, &err) < 0)
			abort();
	}
	inventory_seal(inv);
	return inv;
}

static void understand(const struct inventory *inv, struct arena *a, const char *text)
{
	struct question *q = arena_new(a, struct question);
	struct err err;

	if (question_split(q, a, text, &err) < 0)
		return;
	question_phrases(q, a, 1795000000 * USEC_PER_SEC);
	question_names(q, a, inv);
	question_intent(q);
	if (q->word_count > QUESTION_MAX_WORDS || q->mention_count > QUESTION_MAX_OBJECTS || q->namespace_count > QUESTION_MAX_NAMESPACES)
		abort();
	for (unsigned i = 0; i < q->mention_count; i++)
		if (!q->mentions[i].objects.len || q->mentions[i].first + q->mentions[i].count > q->word_count)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct inventory *inv;
	struct log_match m;
	struct arena a;

	if (!inv)
		inv = small_cluster();
	if (size > JAMIE_MAX_QUESTION)
		return 0;
	arena_init(&a);
	understand(inv, &a, arena_strndup(&a, (const char *)data, size));
	if (log_match_text(graph_new(inv, &a), &a, "shop-production", (const char *)data, size, &m) &&
	    ((const uint8_t *)m.line < data || (const uint8_t *)m.line + m.len > data + size))
		abort();
	arena_release(&a);
	return 0;
}
