/* Certificates: any text is certificates or an error, and every name that comes out is fit to print. */
#include "base/utf8.h"
#include "base/x509.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const char *s)
{
	for (const char *p = s; *p; p++)
		if ((unsigned char)*p < ' ')
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct x509_list list = {0};
	struct arena a;
	struct err err;

	arena_init(&a);
	if (x509_read_pem(&a, (const char *)data, size, &list, &err) == 0) {
		for (uint32_t i = 0; i < list.len; i++) {
			check(list.items[i].subject);
			check(list.items[i].issuer);
			for (const char *const *name = list.items[i].names; *name; name++)
				check(*name);
			x509_is_for(&list.items[i], "a.example.com");
		}
		x509_first_to_expire(&list);
	}
	arena_release(&a);
	return 0;
}
