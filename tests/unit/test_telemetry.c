#include "unit.h"

#include "telemetry/telemetry.h"

static void counters_count(void **state)
{
	struct strbuf out;

	metric_add(METRIC_OBJECTS, 40);
	metric_add(METRIC_OBJECTS, 2);
	assert_int_equal(metric_value(METRIC_OBJECTS), 42);
	strbuf_init(&out, STRBUF_MAX_LINE);
	metrics_write(&out);
	assert_non_null(strstr(out.buf, "# TYPE auto_devops_objects_read_total counter\nauto_devops_objects_read_total 42\n"));
	strbuf_release(&out);
}

static void the_newest_spans_are_kept(void **state)
{
	static const char *const names[] = {"a", "b"};
	struct span spans[SPANS_KEPT + 1];

	assert_int_equal(spans_copy(spans, 10), 0);
	for (int i = 0; i < SPANS_KEPT + 3; i++) {
		struct span s = span_begin(names[i % 2]);

		span_end(&s);
		assert_true(s.took >= 0);
	}
	assert_int_equal(spans_copy(spans, SPANS_KEPT + 1), SPANS_KEPT);
	assert_string_equal(spans[SPANS_KEPT - 1].name, "a");
	assert_int_equal(spans_copy(spans, 2), 2);
	assert_string_equal(spans[0].name, "b");
}

RUN_TESTS(cmocka_unit_test(counters_count), cmocka_unit_test(the_newest_spans_are_kept))
