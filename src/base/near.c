#include "base/near.h"

#include <strings.h>

static unsigned char lower(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
}

size_t near_distance(const char *a, const char *b, size_t max)
{
	size_t n = strlen(a), m = strlen(b);
	/* Rows i-2, i-1 and i of the table of edits between prefixes. */
	unsigned char rows[3][NEAR_MAX + 1], *before = rows[0], *above = rows[1], *row = rows[2];

	if (n > NEAR_MAX || m > NEAR_MAX || (n > m ? n - m : m - n) > max)
		return max + 1;
	for (size_t j = 0; j <= m; j++)
		above[j] = (unsigned char)j;
	memset(before, 0xff, m + 1);
	for (size_t i = 1; i <= n; i++) {
		unsigned char *oldest = before, least;

		row[0] = least = (unsigned char)i;
		for (size_t j = 1; j <= m; j++) {
			unsigned char x = lower(a[i - 1]), y = lower(b[j - 1]);
			unsigned char best = (unsigned char)(above[j - 1] + (x != y));

			best = (unsigned char)MIN(best, MIN(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && x == lower(b[j - 2]) && y == lower(a[i - 2]))
				best = (unsigned char)MIN(best, before[j - 2] + 1);
			row[j] = best;
			least = MIN(least, best);
		}
		if (least > max)
			return max + 1;
		before = above;
		above = row;
		row = oldest;
	}
	return above[m] > max ? max + 1 : above[m];
}

size_t near_limit(const char *word)
{
	size_t n = strlen(word);

	return n <= 4 ? 1 : n <= 8 ? 2 : 3;
}

void near_init(struct near *n, const char *word)
{
	*n = (struct near){.word = word, .distance = near_limit(word) + 1};
}

void near_try(struct near *n, const char *name)
{
	size_t len = strlen(n->word), distance;

	if (n->distance == 0)
		return;
	distance = near_distance(n->word, name, n->distance - 1);
	if (distance > 1 && len >= 3 && strncasecmp(n->word, name, len) == 0)
		distance = 1;
	if (distance < n->distance) {
		n->distance = distance;
		n->best = name;
	}
}
