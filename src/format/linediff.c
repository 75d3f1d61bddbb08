/* Differences of two texts by lines. */
#include "format/linediff.h"
#include "base/arena.h"

struct line {
	const char *s;
	size_t len; /* without the line break */
	bool ends;  /* with one */
};

struct lines {
	struct line *items;
	uint32_t len, cap;
};

enum edit { EDIT_KEEP, EDIT_DROP, EDIT_ADD };

struct step {
	enum edit edit;
	uint32_t from, to; /* line numbers from 0, of the next line on either side */
};

struct steps {
	struct step *items;
	uint32_t len, cap;
};

static struct lines split(struct arena *a, const char *s, size_t len)
{
	struct lines lines = {0};

	while (len) {
		const char *end = memchr(s, '\n', len);
		size_t n = end ? (size_t)(end - s) : len;

		*arena_push(a, &lines) = (struct line){s, n, end != NULL};
		s += n + (end ? 1 : 0);
		len -= n + (end ? 1 : 0);
	}
	return lines;
}

static bool same(const struct line *a, const struct line *b)
{
	return a->len == b->len && a->ends == b->ends && memcmp(a->s, b->s, a->len) == 0;
}

/* The furthest x on diagonal k after d edits, and the diagonal it came from. v holds those after d - 1. */
static int64_t reach(const int64_t *v, int64_t k, int64_t d, int64_t *ret_before)
{
	bool adds = k == -d || (k != d && v[k - 1] < v[k + 1]);

	*ret_before = adds ? k + 1 : k - 1;
	return adds ? v[k + 1] : v[k - 1] + 1;
}

/* Keeps v of each d; -1 when it takes more than the maximum. */
static int64_t search(struct arena *a, const struct lines *from, const struct lines *to, int64_t **ret_traces)
{
	const int64_t max = MIN((int64_t)LINEDIFF_MAX_EDITS, (int64_t)from->len + to->len);
	int64_t *all = arena_new_array(a, int64_t, 2 * max + 3), *v = all + max + 1;

	for (int64_t d = 0; d <= max; d++) {
		ret_traces[d] = arena_memdup(a, v - d - 1, sizeof(*v) * (size_t)(2 * d + 3));
		for (int64_t k = -d; k <= d; k += 2) {
			int64_t before, x = d ? reach(v, k, d, &before) : 0, y = x - k;

			while (x < from->len && y >= 0 && y < to->len && same(&from->items[x], &to->items[y]))
				x++, y++;
			v[k] = x;
			if (x >= from->len && y >= to->len)
				return d;
		}
	}
	return -1;
}

static void walk_back(struct arena *a, int64_t d, int64_t *const *traces, int64_t x, int64_t y, struct steps *out)
{
	for (; d > 0; d--) {
		const int64_t *v = traces[d] + d + 1;
		int64_t before, k = x - y, start = reach(v, k, d, &before), before_x = v[before], before_y = before_x - before;

		for (; x > start && y > start - k; x--, y--)
			*arena_push(a, out) = (struct step){EDIT_KEEP, (uint32_t)x - 1, (uint32_t)y - 1};
		*arena_push(a, out) = (struct step){before == k + 1 ? EDIT_ADD : EDIT_DROP, (uint32_t)before_x, (uint32_t)before_y};
		x = before_x;
		y = before_y;
	}
	for (; x > 0; x--, y--)
		*arena_push(a, out) = (struct step){EDIT_KEEP, (uint32_t)x - 1, (uint32_t)y - 1};
}

static struct steps steps_of(struct arena *a, const struct lines *from, const struct lines *to)
{
	int64_t *traces[LINEDIFF_MAX_EDITS + 1];
	int64_t d = search(a, from, to, traces);
	struct steps steps = {0};

	if (d >= 0) {
		walk_back(a, d, traces, from->len, to->len, &steps);
		for (uint32_t i = 0; i < steps.len / 2; i++) {
			struct step swap = steps.items[i];

			steps.items[i] = steps.items[steps.len - 1 - i];
			steps.items[steps.len - 1 - i] = swap;
		}
		return steps;
	}
	for (uint32_t i = 0; i < from->len; i++)
		*arena_push(a, &steps) = (struct step){EDIT_DROP, i, 0};
	for (uint32_t i = 0; i < to->len; i++)
		*arena_push(a, &steps) = (struct step){EDIT_ADD, from->len, i};
	return steps;
}

static void add_line(struct strbuf *out, char mark, const struct line *l)
{
	strbuf_addch(out, mark);
	strbuf_add(out, l->s, l->len);
	strbuf_addstr(out, l->ends ? "\n" : "\n\\ No newline at end of file\n");
}

static void add_range(struct strbuf *out, char mark, uint32_t first, uint32_t count)
{
	/* An empty range names the line before it. */
	strbuf_addf(out, count == 1 ? "%c%u" : "%c%u,%u", mark, count ? first + 1 : first, count);
}

static void add_hunk(struct strbuf *out, const struct steps *steps, uint32_t begin, uint32_t end, const struct lines *from, const struct lines *to)
{
	uint32_t from_count = 0, to_count = 0;

	for (uint32_t i = begin; i < end; i++) {
		from_count += steps->items[i].edit != EDIT_ADD;
		to_count += steps->items[i].edit != EDIT_DROP;
	}
	strbuf_addstr(out, "@@ ");
	add_range(out, '-', steps->items[begin].from, from_count);
	strbuf_addch(out, ' ');
	add_range(out, '+', steps->items[begin].to, to_count);
	strbuf_addstr(out, " @@\n");
	for (uint32_t i = begin; i < end; i++) {
		const struct step *s = &steps->items[i];

		if (s->edit == EDIT_ADD)
			add_line(out, '+', &to->items[s->to]);
		else
			add_line(out, s->edit == EDIT_DROP ? '-' : ' ', &from->items[s->from]);
	}
}

void linediff_unified(struct strbuf *out, const char *from_name, const char *from, size_t from_len, const char *to_name, const char *to,
		      size_t to_len)
{
	_cleanup_(arena_release) struct arena a;
	struct lines old, new;
	struct steps steps;
	bool named = false;

	arena_init(&a);
	old = split(&a, from, from_len);
	new = split(&a, to, to_len);
	steps = steps_of(&a, &old, &new);
	for (uint32_t i = 0; i < steps.len; i++) {
		uint32_t begin, end, quiet = 0;

		if (steps.items[i].edit == EDIT_KEEP)
			continue;
		if (!named)
			strbuf_addf(out, "--- %s\n+++ %s\n", from_name, to_name);
		named = true;
		begin = i - MIN(i, (uint32_t)LINEDIFF_CONTEXT);
		/* On to where twice the context stays the same. */
		for (end = i; end < steps.len && quiet <= 2 * LINEDIFF_CONTEXT; end++)
			quiet = steps.items[end].edit == EDIT_KEEP ? quiet + 1 : 0;
		end -= quiet > LINEDIFF_CONTEXT ? quiet - LINEDIFF_CONTEXT : 0;
		add_hunk(out, &steps, begin, end, &old, &new);
		i = end - 1;
	}
}
