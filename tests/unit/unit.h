/* What every unit test includes: cmocka and the headers it needs before it. */
#ifndef TESTS_UNIT_H
#define TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define RUN_TESTS(...)                                                                                                                               \
	int main(void)                                                                                                                               \
	{                                                                                                                                            \
		const struct CMUnitTest tests[] = {__VA_ARGS__};                                                                                     \
		return cmocka_run_group_tests(tests, NULL, NULL);                                                                                    \
	}

#endif
