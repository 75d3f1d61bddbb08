/* Kubernetes quantities (k8s.io/apimachinery/pkg/api/resource): sign, decimal digits, and a suffix: n u m (none) k M G T P E, Ki Mi Gi Ti Pi Ei,
 * or a decimal exponent. A double keeps 15 digits, which is more than any amount here needs. */
#include "format/value.h"

#include <math.h>

struct suffix {
	const char *text;
	double factor;
};

static const struct suffix suffixes[] = {
	{"", 1},    {"m", 1e-3}, {"Ki", 0x1p10}, {"Mi", 0x1p20}, {"Gi", 0x1p30}, {"Ti", 0x1p40}, {"Pi", 0x1p50}, {"Ei", 0x1p60},
	{"k", 1e3}, {"M", 1e6},  {"G", 1e9},     {"T", 1e12},    {"P", 1e15},    {"E", 1e18},    {"u", 1e-6},    {"n", 1e-9},
};

/* "e3", "E-2": the exponent, or false. A lone "E" is a suffix. */
static bool parse_exponent(const char *s, double *ret)
{
	bool negative = false;
	int n = 0;

	if (*s != 'e' && *s != 'E')
		return false;
	s++;
	if (*s == '+' || *s == '-')
		negative = *s++ == '-';
	if (!*s)
		return false;
	for (; *s; s++) {
		if (*s < '0' || *s > '9')
			return false;
		n = MIN(n * 10 + (*s - '0'), 1000);
	}
	*ret = pow(10, negative ? -n : n);
	return true;
}

bool quantity_parse(const char *s, double *ret)
{
	bool negative = false, digits = false;
	double number = 0, place = 0.1, factor;

	if (*s == '+' || *s == '-')
		negative = *s++ == '-';
	for (; *s >= '0' && *s <= '9'; s++, digits = true)
		number = number * 10 + (*s - '0');
	if (*s == '.')
		for (s++; *s >= '0' && *s <= '9'; s++, digits = true, place /= 10)
			number += (*s - '0') * place;
	if (!digits)
		return false;
	if (negative)
		number = -number;
	for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
		if (str_eq(s, suffixes[i].text)) {
			*ret = number * suffixes[i].factor;
			return true;
		}
	}
	if (!parse_exponent(s, &factor))
		return false;
	*ret = number * factor;
	return true;
}

bool value_quantity(const struct value *v, double *ret)
{
	if (v && v->type == VALUE_STRING)
		return quantity_parse(v->s, ret);
	if (!v || (v->type != VALUE_INT && v->type != VALUE_DOUBLE))
		return false;
	*ret = value_double(v, 0);
	return true;
}

char *quantity_format(double q, bool is_bytes, char buf[32])
{
	static const char *const binary[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	size_t i = 0;

	if (!is_bytes) {
		/* Below 1000 people count CPUs in thousandths when it does not come out even. */
		if (q != floor(q) && fabs(q) < 1000)
			snprintf(buf, 32, "%.0fm", q * 1000);
		else
			snprintf(buf, 32, "%.15g", q);
		return buf;
	}
	while (fabs(q) >= 1023.95 && i + 1 < ARRAY_LEN(binary)) {
		q /= 1024;
		i++;
	}
	snprintf(buf, 32, q == floor(q) ? "%.0f %s" : "%.1f %s", q, binary[i]);
	return buf;
}
