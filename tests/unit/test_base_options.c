/* options: where a value comes from and what is refused; near: what was meant. */
#include "unit.h"

#include "base/near.h"
#include "base/options.h"

static void the_table_is_sound(void **state)
{
	struct options o;
	char name[OPTION_ENV_MAX], other[OPTION_ENV_MAX];

	options_init(&o);
	for (int i = 0; i < OPTION_COUNT; i++) {
		assert_non_null(o.values[i].text); /* a default that does not pass its own check is not set */
		assert_int_equal(option_table[i].id, i);
		assert_true(strlen(option_env(&option_table[i], name)) < OPTION_ENV_MAX - 1);
		for (int k = 0; k < i; k++) {
			assert_string_not_equal(option_table[i].name, option_table[k].name);
			assert_string_not_equal(name, option_env(&option_table[k], other));
			if (*option_table[i].flag)
				assert_string_not_equal(option_table[i].flag, option_table[k].flag);
		}
	}
	assert_string_equal(option_env(&option_table[OPTION_REQUEST_TIMEOUT], name), "AUTO_DEVOPS_CLUSTER_REQUEST_TIMEOUT");
	options_release(&o);
}

static void the_strongest_origin_wins(void **state)
{
	char *const environment[] = {"HOME=/x", "AUTO_DEVOPS_CLUSTER_PARALLEL=7", "AUTO_DEVOPS_PORT=tcp://10.0.0.1:80",
				     "AUTO_DEVOPS_LOG_LEVEL=", NULL};
	struct options o;
	struct err err;

	options_init(&o);
	assert_int_equal(options_int(&o, OPTION_PARALLEL), 6);
	assert_int_equal(options_set_environment(&o, environment, &err), 0);
	assert_int_equal(options_set_name(&o, "cluster.parallel", "8", ORIGIN_FILE, "f:1", &err), 0);
	assert_int_equal(options_int(&o, OPTION_PARALLEL), 7);
	assert_string_equal(o.values[OPTION_PARALLEL].where, "AUTO_DEVOPS_CLUSTER_PARALLEL");
	assert_int_equal(options_set(&o, OPTION_PARALLEL, "9", ORIGIN_FLAG, "--parallel", &err), 0);
	assert_int_equal(options_int(&o, OPTION_PARALLEL), 9);
	assert_string_equal(options_str(&o, OPTION_LOG_LEVEL), "warning");
	assert_int_equal(options_span(&o, OPTION_REQUEST_TIMEOUT), 30 * USEC_PER_SEC);
	assert_true(options_bool(&o, OPTION_READ_LOGS));
	options_release(&o);
}

static void refuse(struct options *o, enum option_id id, const char *text, const char *says)
{
	struct err err = {0};

	assert_int_equal(options_set(o, id, text, ORIGIN_FILE, "c.yaml:3", &err), ERR_USAGE);
	assert_string_equal(err.message, says);
}

static void bad_values_are_explained(void **state)
{
	struct options o;
	struct err err;

	options_init(&o);
	refuse(&o, OPTION_PARALLEL, "0", "c.yaml:3: cluster.parallel: \"0\" is not a number from 1 to 32");
	refuse(&o, OPTION_PARALLEL, "4x", "c.yaml:3: cluster.parallel: \"4x\" is not a number from 1 to 32");
	refuse(&o, OPTION_PARALLEL, "99999999999999999999", "c.yaml:3: cluster.parallel: \"99999999999999999999\" is not a number from 1 to 32");
	refuse(&o, OPTION_COLOUR, "blue", "c.yaml:3: output.colour: \"blue\" is not auto, always or never");
	refuse(&o, OPTION_READ_LOGS, "maybe", "c.yaml:3: diagnose.read-logs: \"maybe\" is not true or false");
	refuse(&o, OPTION_REQUEST_TIMEOUT, "1ms",
	       "c.yaml:3: cluster.request-timeout: \"1ms\" is not a span like 500ms, 30s, 5m or 2h, from 100 ms to 1 h");
	assert_int_equal(options_set_name(&o, "cluster.paralel", "1", ORIGIN_FILE, "c.yaml:3", &err), ERR_USAGE);
	assert_string_equal(err.message, "c.yaml:3: unknown setting \"cluster.paralel\"; did you mean \"cluster.parallel\"?");
	assert_int_equal(options_set_name(&o, "colour", "always", ORIGIN_FILE, "c.yaml:3", &err), ERR_USAGE);
	assert_non_null(strstr(err.message, "output.colour"));
	assert_int_equal(options_int(&o, OPTION_PARALLEL), 6);
	options_release(&o);
}

static void distances(void **state)
{
	struct near n;

	assert_int_equal(near_distance("", "", 3), 0);
	assert_int_equal(near_distance("scan", "SCAN", 3), 0);
	assert_int_equal(near_distance("scna", "scan", 3), 1); /* swapped neighbours */
	assert_int_equal(near_distance("kitten", "sitting", 5), 3);
	assert_int_equal(near_distance("kitten", "sitting", 2), 3);
	assert_int_equal(near_distance("abc", "", 5), 3);
	near_init(&n, "snapshto");
	near_try(&n, "scan");
	near_try(&n, "snapshot");
	assert_string_equal(n.best, "snapshot");
	near_init(&n, "comp");
	near_try(&n, "completion");
	assert_string_equal(n.best, "completion");
	near_init(&n, "zzz");
	near_try(&n, "scan");
	assert_null(n.best);
}

RUN_TESTS(cmocka_unit_test(the_table_is_sound), cmocka_unit_test(the_strongest_origin_wins), cmocka_unit_test(bad_values_are_explained),
	  cmocka_unit_test(distances))
