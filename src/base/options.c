#include "base/options.h"
#include "base/near.h"

#include <errno.h>

const struct option option_table[OPTION_COUNT] = {
#define OPTION(id, name, type, value, min, max, choices, flag, letter, argument, help)                                                               \
	{OPTION_##id, OPTION_TYPE_##type, name, value, min, max, choices, flag, letter, argument, help},
#include "base/options.def"
#undef OPTION
};

void options_init(struct options *o)
{
	arena_init(&o->arena);
	memset(o->values, 0, sizeof(o->values));
	for (int i = 0; i < OPTION_COUNT; i++)
		options_set(o, (enum option_id)i, option_table[i].value, ORIGIN_DEFAULT, "default", NULL);
}

void options_release(struct options *o)
{
	arena_release(&o->arena);
}

const struct option *option_by_name(const char *name)
{
	for (int i = 0; i < OPTION_COUNT; i++)
		if (str_eq(option_table[i].name, name))
			return &option_table[i];
	return NULL;
}

char *option_env(const struct option *option, char buf[OPTION_ENV_MAX])
{
	size_t n = (size_t)snprintf(buf, OPTION_ENV_MAX, "AUTO_DEVOPS_%s", option->name);

	for (size_t i = 0; i < n && buf[i]; i++) {
		if (buf[i] >= 'a' && buf[i] <= 'z')
			buf[i] = (char)(buf[i] - 32);
		else if (buf[i] == '.' || buf[i] == '-')
			buf[i] = '_';
	}
	return buf;
}

/* "auto|always|never" -> "auto, always or never" */
static char *choices_text(const char *choices, struct arena *a)
{
	const char *last = strrchr(choices, '|');
	char *text = arena_strdup(a, "");

	while (*choices) {
		size_t n = strcspn(choices, "|");

		text = arena_printf(a, "%s%s%.*s", text, !*text ? "" : last && choices > last ? " or " : ", ", (int)n, choices);
		choices += n + (choices[n] == '|');
	}
	return text;
}

char *option_range_text(const struct option *option, struct arena *a)
{
	char low[CLOCK_TEXT_MAX], high[CLOCK_TEXT_MAX];

	switch (option->type) {
	case OPTION_TYPE_STRING:
		return arena_strdup(a, "any text");
	case OPTION_TYPE_INT:
		return arena_printf(a, "a number from %lld to %lld", (long long)option->min, (long long)option->max);
	case OPTION_TYPE_BOOL:
		return arena_strdup(a, "true or false");
	case OPTION_TYPE_SPAN:
		clock_format_span(option->min * USEC_PER_MSEC, low);
		clock_format_span(option->max * USEC_PER_MSEC, high);
		return arena_printf(a, "a span like 500ms, 30s, 5m or 2h, from %s to %s", low, high);
	case OPTION_TYPE_CHOICE:
		return choices_text(option->choices, a);
	}
	return arena_strdup(a, "");
}

static bool parse_bool(const char *s, int64_t *ret)
{
	static const char *const words[] = {"false", "true", "no", "yes", "off", "on", "0", "1"};

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (str_eq(s, words[i])) {
			*ret = (int64_t)(i % 2);
			return true;
		}
	}
	return false;
}

static bool parse_int(const char *s, int64_t *ret)
{
	char *end;

	errno = 0;
	*ret = strtoll(s, &end, 10);
	return *s && (*s == '-' || (*s >= '0' && *s <= '9')) && !*end && !errno;
}

static bool parse_choice(const char *s, const char *choices, int64_t *ret)
{
	size_t len = strlen(s);

	for (*ret = 0;; ++*ret) {
		size_t n = strcspn(choices, "|");

		if (n == len && strncmp(s, choices, n) == 0)
			return true;
		if (!choices[n])
			return false;
		choices += n + 1;
	}
}

static bool parse_value(const struct option *option, struct option_value *v)
{
	switch (option->type) {
	case OPTION_TYPE_STRING:
		return true;
	case OPTION_TYPE_INT:
		return parse_int(v->text, &v->number) && v->number >= option->min && v->number <= option->max;
	case OPTION_TYPE_BOOL:
		return parse_bool(v->text, &v->number);
	case OPTION_TYPE_SPAN:
		return clock_parse_span(v->text, &v->span) && v->span >= option->min * USEC_PER_MSEC && v->span <= option->max * USEC_PER_MSEC;
	case OPTION_TYPE_CHOICE:
		return parse_choice(v->text, option->choices, &v->number);
	}
	return false;
}

int options_set(struct options *o, enum option_id id, const char *text, enum option_origin origin, const char *where, struct err *err)
{
	const struct option *option = &option_table[id];
	struct option_value v = {.text = arena_strdup(&o->arena, text), .where = arena_strdup(&o->arena, where), .origin = origin};

	if (!parse_value(option, &v))
		return err_set(err, ERR_USAGE, "%s: %s%s\"%s\" is not %s", where, origin == ORIGIN_FLAG ? "" : option->name,
			       origin == ORIGIN_FLAG ? "" : ": ", text, option_range_text(option, &o->arena));
	if (!o->values[id].text || origin >= o->values[id].origin)
		o->values[id] = v;
	return 0;
}

int options_set_name(struct options *o, const char *name, const char *text, enum option_origin origin, const char *where, struct err *err)
{
	const struct option *option = option_by_name(name);
	struct near near;

	if (option)
		return options_set(o, option->id, text, origin, where, err);
	near_init(&near, name);
	for (int i = 0; i < OPTION_COUNT; i++) {
		const char *full = option_table[i].name, *key = strchr(full, '.') + 1;

		near_try(&near, full);
		/* A key without its section, or in the wrong one, is a likely slip too. */
		near_try(&near, key);
		if (near.best == key)
			near.best = full;
		if (strchr(name, '.') && str_eq(key, strchr(name, '.') + 1))
			near = (struct near){.word = name, .best = full, .distance = 0};
	}
	if (near.best)
		return err_set(err, ERR_USAGE, "%s: unknown setting \"%s\"; did you mean \"%s\"?", where, name, near.best);
	return err_set(err, ERR_USAGE, "%s: unknown setting \"%s\"; `config show` lists them all", where, name);
}

int options_set_environment(struct options *o, char *const *environment, struct err *err)
{
	for (; *environment; environment++) {
		const char *equals = strchr(*environment, '=');

		if (strncmp(*environment, "AUTO_DEVOPS_", 12) != 0 || !equals || !equals[1])
			continue;
		for (int i = 0; i < OPTION_COUNT; i++) {
			char name[OPTION_ENV_MAX];
			size_t n = strlen(option_env(&option_table[i], name));

			if (n == (size_t)(equals - *environment) && strncmp(*environment, name, n) == 0) {
				int r = options_set(o, (enum option_id)i, equals + 1, ORIGIN_ENVIRONMENT, name, err);

				if (r < 0)
					return r;
			}
		}
	}
	return 0;
}

const char *options_str(const struct options *o, enum option_id id)
{
	return o->values[id].text;
}

int64_t options_int(const struct options *o, enum option_id id)
{
	return o->values[id].number;
}

bool options_bool(const struct options *o, enum option_id id)
{
	return o->values[id].number != 0;
}

usec_t options_span(const struct options *o, enum option_id id)
{
	return o->values[id].span;
}
