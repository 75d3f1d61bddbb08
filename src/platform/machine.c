/* The facts of a machine: put together, read from a file, written to one. */
#include "platform/machine_internal.h"
#include "base/file.h"
#include "base/utf8.h"
#include "format/json.h"
#include "format/yaml.h"

#include <dirent.h>
#include <errno.h>

const char *machine_path(struct machine *m, const char *fmt, ...)
{
	va_list ap;
	const char *path;

	va_start(ap, fmt);
	path = arena_vprintf(&m->ctx->arena, fmt, ap);
	va_end(ap);
	return *m->o->root ? arena_printf(&m->ctx->arena, "%s%s", m->o->root, path) : path;
}

char *machine_file(struct machine *m, const char *path, size_t *ret_len)
{
	_cleanup_(strbuf_release) struct strbuf text;
	struct err err;

	strbuf_init(&text, MACHINE_FILE_MAX);
	/* What is larger than the limit is of use all the same: its beginning. */
	if (file_read(path, &text, &err) < 0 && !text.overflow)
		return NULL;
	if (ret_len)
		*ret_len = text.len;
	return arena_strndup(&m->ctx->arena, text.buf, text.len);
}

char *machine_line(struct machine *m, const char *path)
{
	char *text = machine_file(m, path, NULL), *end;

	if (!text)
		return NULL;
	text += strspn(text, " \t");
	end = text + strcspn(text, "\n");
	while (end > text && (end[-1] == ' ' || end[-1] == '\t' || end[-1] == '\r'))
		end--;
	*end = 0;
	return text;
}

bool machine_number(struct machine *m, const char *path, int64_t *ret)
{
	char *text = machine_line(m, path), *end;
	long long n;

	if (!text)
		return false;
	errno = 0;
	n = strtoll(text, &end, 10);
	if (end == text || errno)
		return false;
	*ret = n;
	return true;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void dir_closep(DIR **d)
{
	if (*d)
		closedir(*d);
}

bool machine_folder(struct machine *m, const char *path, struct name_list *ret)
{
	_cleanup_(dir_closep) DIR *dir = opendir(path);
	const struct dirent *entry;
	struct name_list list = {0};

	if (!dir)
		return false;
	while (list.len < MACHINE_ITEMS_MAX && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			*arena_push(&m->ctx->arena, &list) = arena_strdup(&m->ctx->arena, entry->d_name);
	if (list.len)
		qsort(list.items, list.len, sizeof(*list.items), by_name);
	*ret = list;
	return true;
}

void fact_text(struct machine *m, struct value *map, const char *key, const char *s, size_t len)
{
	_cleanup_(strbuf_release) struct strbuf text;

	strbuf_init(&text, MACHINE_TEXT_MAX * 4);
	utf8_add_printable(&text, s, MIN(len, MACHINE_TEXT_MAX), false);
	strbuf_truncate(&text, utf8_cut(text.buf, text.len, MACHINE_TEXT_MAX));
	if (text.len)
		value_map_set(&m->b, map, key, value_of_str(arena_strndup(&m->ctx->arena, text.buf, text.len)));
}

void fact_str(struct machine *m, struct value *map, const char *key, const char *s)
{
	if (s)
		fact_text(m, map, key, s, strlen(s));
}

void fact_int(struct machine *m, struct value *map, const char *key, int64_t i)
{
	value_map_set(&m->b, map, key, value_of_int(i));
}

void fact_bool(struct machine *m, struct value *map, const char *key, bool b)
{
	value_map_set(&m->b, map, key, value_of_bool(b));
}

void fact_double(struct machine *m, struct value *map, const char *key, double d)
{
	value_map_set(&m->b, map, key, (struct value){.type = VALUE_DOUBLE, .d = d});
}

void fact_map(struct machine *m, struct value *map, const char *key, struct value child)
{
	if (value_len(&child))
		value_map_set(&m->b, map, key, child);
}

struct value *fact_add(struct machine *m, struct fact_list *list)
{
	struct value *v = arena_push(&m->ctx->arena, list);

	*v = (struct value){.type = VALUE_MAP};
	return v;
}

void fact_list(struct machine *m, struct value *map, const char *key, const struct fact_list *list)
{
	value_map_set(&m->b, map, key, (struct value){.type = VALUE_LIST, .len = list->len, .items = list->items});
}

void fact_texts(struct machine *m, struct value *map, const char *key, const struct name_list *list)
{
	struct fact_list values = {0};

	for (uint32_t i = 0; i < list->len; i++)
		*arena_push(&m->ctx->arena, &values) = value_of_str(list->items[i]);
	fact_list(m, map, key, &values);
}

int64_t machine_cpu_count(const char *list)
{
	int64_t count = 0;

	while (*list >= '0' && *list <= '9') {
		char *end;
		unsigned long first = strtoul(list, &end, 10), last = first;

		if (*end == '-')
			last = strtoul(end + 1, &end, 10);
		if (last < first || last > 65535)
			return 0;
		count += (int64_t)(last - first) + 1;
		if (*end != ',')
			return *end == 0 || *end == '\n' ? count : 0;
		list = end + 1;
	}
	return 0;
}

const char *machine_field(const char *text, const char *key, size_t *ret_len)
{
	size_t key_len = strlen(key);

	for (const char *line = text; *line;) {
		size_t len = strcspn(line, "\n");
		const char *p = line + key_len, *end = line + len;

		if (len > key_len && strncmp(line, key, key_len) == 0) {
			while (p < end && (*p == ' ' || *p == '\t'))
				p++;
			if (p < end && (*p == ':' || *p == '=')) {
				for (p++; p < end && (*p == ' ' || *p == '\t'); p++)
					;
				while (end > p && (end[-1] == ' ' || end[-1] == '\r'))
					end--;
				*ret_len = (size_t)(end - p);
				return p;
			}
		}
		line += len + (line[len] == '\n');
	}
	return NULL;
}

int machine_collect(struct ctx *ctx, const struct machine_options *options, struct value *ret, struct err *err)
{
	static void (*const collectors[])(struct machine * m) = {machine_os,    machine_cpu,     machine_memory,  machine_disk,  machine_disk_measure,
								 machine_gpu,   machine_network, machine_ports,   machine_clock, machine_kernel,
								 machine_tools, machine_python,  machine_services};
	struct value facts = {.type = VALUE_MAP};
	struct machine m = {.ctx = ctx, .o = options, .facts = &facts};
	char when[CLOCK_TEXT_MAX];
	int r;

	value_builder_init(&m.b, &ctx->arena, NULL);
	fact_str(&m, &facts, "format", MACHINE_FORMAT);
	fact_str(&m, &facts, "program", AUTO_DEVOPS_VERSION);
	fact_str(&m, &facts, "taken", clock_format_rfc3339(clock_now() / USEC_PER_SEC * USEC_PER_SEC, when));
	for (size_t i = 0; i < ARRAY_LEN(collectors); i++) {
		if ((r = ctx_check(ctx, err)) < 0)
			return r;
		collectors[i](&m);
	}
	*ret = facts;
	return 0;
}

int machine_parse(struct ctx *ctx, const char *name, const char *text, size_t len, struct value *ret, struct err *err)
{
	struct value_builder b;
	struct value v;
	const char *format;
	size_t blank = strspn(text, " \t\r\n");
	int r;

	value_builder_init(&b, &ctx->arena, NULL);
	r = text[blank] == '{' ? json_parse(&b, text, len, NULL, &v, err) : yaml_parse(&b, name, text, len, &v, err);
	if (r < 0)
		return text[blank] == '{' ? err_wrap(err, "%s", name) : r;
	if (v.type != VALUE_MAP)
		return err_set(err, ERR_INPUT, "%s: these are no facts of a machine: `check --save FILE` writes them", name);
	format = value_get_str(&v, "format");
	if (!str_eq(format, MACHINE_FORMAT))
		return err_set(err, ERR_INPUT, "%s: format is \"%.40s\", not \"%s\": `check --save FILE` writes facts of a machine", name, format,
			       MACHINE_FORMAT);
	*ret = v;
	return 0;
}

int machine_read(struct ctx *ctx, const char *path, struct value *ret, struct err *err)
{
	_cleanup_(strbuf_release) struct strbuf text;
	int r;

	strbuf_init(&text, MACHINE_FACTS_MAX);
	if ((r = file_read(path, &text, err)) < 0)
		return r;
	return machine_parse(ctx, path, text.buf, text.len, ret, err);
}

void machine_text(const struct value *facts, bool json, struct strbuf *out)
{
	struct json_writer w;

	if (!json) {
		yaml_write(out, facts);
		return;
	}
	json_writer_init(&w, out, 2);
	json_value(&w, facts, false);
	strbuf_addch(out, '\n');
}

int machine_write(const struct value *facts, const char *path, struct err *err)
{
	_cleanup_(strbuf_release) struct strbuf text;
	int r;

	strbuf_init(&text, MACHINE_FACTS_MAX);
	machine_text(facts, str_ends(path, ".json"), &text);
	if ((r = strbuf_check(&text, "the facts", err)) < 0)
		return r;
	return file_write_atomic(path, text.buf, text.len, 0644, err);
}
