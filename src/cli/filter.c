/* The flags that choose causes. */
#include "cli/filter.h"
#include "cli/target.h"

static const enum flag_id filter_flags[] = {FLAG_KIND, FLAG_SINCE, FLAG_CHANGED_SINCE, FLAG_SELECTOR};

/* "2h" ago, or a time. The flag's text was checked when it was read. */
static usec_t time_of(const struct session *s, enum flag_id id)
{
	const char *text = s->cli->flags[id];
	usec_t t = 0;

	if (!text)
		return 0;
	if (clock_parse_span(text, &t))
		return MAX(inventory_now(s->inv) - t, 1);
	clock_parse_rfc3339(text, strlen(text), &t);
	return t;
}

/* "pod,svc" -> "Pod", "Service". */
static int read_kinds(struct session *s, const char *text, const char *const **ret, struct err *err)
{
	struct arena *a = &s->cli->ctx.arena;
	const char **kinds = arena_new_array(a, const char *, strlen(text) / 2 + 2);
	size_t count = 0;

	while (*text) {
		size_t n = strcspn(text, ",");
		const char *word = arena_strndup(a, text, n);
		int r = n ? target_kind(s->inv, word, &kinds[count], err) : 0;

		if (r < 0)
			return r;
		count += n > 0;
		text += n + (text[n] == ',');
	}
	if (!count)
		return err_set(err, ERR_USAGE, "--kind: there is no kind in it");
	*ret = kinds;
	return 0;
}

int filter_read(struct session *s, struct cause_filter *ret, struct err *err)
{
	struct cli *cli = s->cli;
	struct value *selector = arena_new(&cli->ctx.arena, struct value);
	struct value_builder b;
	int r = 0;

	*ret = (struct cause_filter){.began = time_of(s, FLAG_SINCE), .changed = time_of(s, FLAG_CHANGED_SINCE)};
	if (cli_has(cli, FLAG_KIND))
		r = read_kinds(s, cli->flags[FLAG_KIND], &ret->kinds, err);
	if (r < 0 || !cli_has(cli, FLAG_SELECTOR))
		return r;
	value_builder_init(&b, &cli->ctx.arena, NULL);
	ret->selector = selector;
	return selector_parse(&b, cli->flags[FLAG_SELECTOR], selector, err);
}

uint32_t filter_diagnosis(const struct cause_filter *filter, struct session *s, struct diagnosis *d)
{
	struct arena *a = &s->cli->ctx.arena;
	uint32_t before = d->causes.len;

	d->causes = causes_filter(filter, s->inv, a, &d->causes);
	d->lesser = causes_filter(filter, s->inv, a, &d->lesser);
	d->recovered = causes_filter(filter, s->inv, a, &d->recovered);
	return before - d->causes.len;
}

void filter_text(struct session *s, uint32_t hidden)
{
	const char *names = "";

	for (size_t i = 0; i < ARRAY_LEN(filter_flags); i++)
		if (cli_has(s->cli, filter_flags[i]))
			names = arena_printf(&s->cli->ctx.arena, "%s%s--%s", names, *names ? ", " : "", flag_by_id(filter_flags[i])->name);
	if (hidden)
		term_addf(&s->cli->out, "%u cause%s not pass the filter (%s).\n", hidden, hidden == 1 ? " does" : "s do", names);
}
