#include "checks/text.h"

size_t text_distance(const char *a, const char *b)
{
	/* Damerau's optimal string alignment over three rows. */
	size_t rows[3][TEXT_DISTANCE_MAX + 1];
	size_t an = strnlen(a, TEXT_DISTANCE_MAX), bn = strnlen(b, TEXT_DISTANCE_MAX);
	for (size_t j = 0; j <= bn; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= an; i++) {
		size_t *row = rows[i % 3], *up = rows[(i - 1) % 3], *up2 = rows[(i + 1) % 3];
		row[0] = i;
		for (size_t j = 1; j <= bn; j++) {
			size_t d = up[j - 1] + (a[i - 1] != b[j - 1]);
			d = MIN(d, MIN(up[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				d = MIN(d, up2[j - 2] + 1);
			row[j] = d;
		}
	}
	return rows[an % 3][bn];
}
