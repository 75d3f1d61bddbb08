/* What files mean by their place in the bundles of other tools.
 *
 * kubectl cluster-info dump --output-directory: nodes.json, NS/pods.json ..., NS/POD/logs.txt.
 * troubleshoot.sh: cluster-resources/KIND.json or KIND/NS.json (older ones: bare lists whose items do not say their kind),
 * cluster-resources/pods/logs/NS/POD/CONTAINER[-previous].log, *-errors.json, cluster-info/cluster_version.json. */
#include "cluster/recording.h"

#define PIECE ((size_t)64 << 10)
#define PART_MAX 256

/* "a/b/c": the last `count` parts of a path, copied; false when it has fewer or one is too long. */
static bool last_parts(const char *path, char (*ret)[PART_MAX], int count)
{
	const char *end = path + strlen(path);

	for (int i = count - 1; i >= 0; i--) {
		const char *start = end;

		while (start > path && start[-1] != '/')
			start--;
		if (start == end || end - start >= PART_MAX || (start == path && i > 0))
			return false;
		memcpy(ret[i], start, (size_t)(end - start));
		ret[i][end - start] = '\0';
		end = start > path ? start - 1 : start;
	}
	return true;
}

static const char *below(const char *path, const char *folder)
{
	const char *at = strstr(path, folder);

	return at && (at == path || at[-1] == '/') ? at + strlen(folder) : NULL;
}

/* A file's or folder's name as a kind: "pods", "replication-controllers", "pvcs", "storage-classes.json". */
static const struct kind *kind_of_name(const char *name, size_t len)
{
	char plain[64];
	size_t n = 0;
	const struct kind *k;

	for (size_t i = 0; i < len && name[i] != '.'; i++) {
		if (n + 1 >= sizeof(plain))
			return NULL;
		if (name[i] != '-')
			plain[n++] = name[i];
	}
	plain[n] = '\0';
	k = kind_by_name(plain);
	if (!k && n > 1 && plain[n - 1] == 's') { /* the plural of a short name */
		plain[n - 1] = '\0';
		k = kind_by_name(plain);
	}
	return k;
}

const struct kind *layout_kind(const char *path, char ret_ns[PART_MAX])
{
	const char *rest = below(path, "cluster-resources/");
	char parts[2][PART_MAX];
	const struct kind *k;

	*ret_ns = '\0';
	if (!str_ends(path, ".json") && !str_ends(path, ".yaml"))
		return NULL;
	if (rest) {
		size_t len = strcspn(rest, "/");

		k = kind_of_name(rest, len);
		if (k && k->namespaced && rest[len] == '/' && strlen(rest + len + 1) < PART_MAX)
			snprintf(ret_ns, PART_MAX, "%.*s", (int)(strlen(rest + len + 1) - 5), rest + len + 1);
		return k;
	}
	if (!last_parts(path, parts, 2))
		return last_parts(path, parts, 1) ? kind_of_name(parts[0], strlen(parts[0])) : NULL;
	k = kind_of_name(parts[1], strlen(parts[1]));
	if (k && k->namespaced)
		snprintf(ret_ns, PART_MAX, "%s", parts[0]);
	return k;
}

/* --- logs ----------------------------------------------------------------------------------------------------------------------- */

/* The last LOG_LIMIT_BYTES of what is added, cut at the beginning of a line. */
struct tail {
	struct strbuf text;
	bool cut;
};

static void tail_init(struct tail *t)
{
	strbuf_init(&t->text, 2 * LOG_LIMIT_BYTES + PIECE);
	t->cut = false;
}

static void tail_trim(struct tail *t)
{
	size_t from = t->text.len > LOG_LIMIT_BYTES ? t->text.len - LOG_LIMIT_BYTES : 0;
	const char *line = from ? memchr(t->text.buf + from, '\n', t->text.len - from) : NULL;

	if (!from)
		return;
	from = line ? (size_t)(line + 1 - t->text.buf) : from;
	memmove(t->text.buf, t->text.buf + from, t->text.len - from);
	strbuf_truncate(&t->text, t->text.len - from);
	t->cut = true;
}

static void tail_add(struct tail *t, const char *s, size_t len)
{
	strbuf_add(&t->text, s, len);
	if (t->text.len > 2 * LOG_LIMIT_BYTES)
		tail_trim(t);
}

/* cluster-resources/pods/logs/NS/POD/CONTAINER.log: one log. */
static int read_log(struct recording *r, struct source *src, char (*parts)[PART_MAX], struct err *err)
{
	_cleanup_(mem_freep) char *buf = mem_alloc(PIECE);
	bool previous = str_ends(parts[2], "-previous.log");
	struct tail t;
	ssize_t n;

	parts[2][strlen(parts[2]) - strlen(previous ? "-previous.log" : ".log")] = '\0';
	tail_init(&t);
	while ((n = src->read(src, buf, PIECE, err)) > 0)
		tail_add(&t, buf, (size_t)n);
	if (n == 0) {
		tail_trim(&t);
		inventory_add_log(r->inv, parts[0], parts[1], parts[2], previous, t.text.buf, t.text.len, t.cut, NULL);
	}
	strbuf_release(&t.text);
	return n < 0 ? (int)n : 1;
}

/* NS/POD/logs.txt of cluster-info dump: the logs of all containers, each between two marks. */
struct dump_log {
	struct recording *r;
	const char *ns, *pod;
	char container[PART_MAX];
	struct tail tail;
};

static void dump_log_end(struct dump_log *d)
{
	if (*d->container) {
		tail_trim(&d->tail);
		inventory_add_log(d->r->inv, d->ns, d->pod, d->container, false, d->tail.text.buf, d->tail.text.len, d->tail.cut, NULL);
	}
	*d->container = '\0';
	strbuf_reset(&d->tail.text);
	d->tail.cut = false;
}

static void dump_log_line(struct dump_log *d, const char *line, size_t len)
{
	static const char start[] = "==== START logs for container ", end[] = "==== END logs for container ";

	if (len > sizeof(start) && memcmp(line, start, sizeof(start) - 1) == 0) {
		const char *name = line + sizeof(start) - 1;
		size_t n = 0, rest = len - (sizeof(start) - 1);

		dump_log_end(d);
		while (n < rest && n + 1 < PART_MAX && name[n] != ' ')
			n++;
		memcpy(d->container, name, n);
		d->container[n] = '\0';
	} else if (len > sizeof(end) && memcmp(line, end, sizeof(end) - 1) == 0) {
		dump_log_end(d);
	} else if (*d->container) {
		tail_add(&d->tail, line, len);
	}
}

static int read_dump_log(struct recording *r, struct source *src, char (*parts)[PART_MAX], struct err *err)
{
	struct dump_log d = {.r = r, .ns = parts[0], .pod = parts[1]};
	_cleanup_(strbuf_release) struct strbuf line;
	_cleanup_(mem_freep) char *buf = mem_alloc(PIECE);
	ssize_t n;

	strbuf_init(&line, LOG_LIMIT_BYTES);
	tail_init(&d.tail);
	while ((n = src->read(src, buf, PIECE, err)) > 0) {
		for (const char *p = buf, *end = buf + n; p < end;) {
			const char *nl = memchr(p, '\n', (size_t)(end - p));
			size_t len = nl ? (size_t)(nl + 1 - p) : (size_t)(end - p);

			strbuf_add(&line, p, len);
			p += len;
			if (nl) {
				dump_log_line(&d, line.buf, line.len);
				strbuf_reset(&line);
			}
		}
	}
	dump_log_line(&d, line.buf, line.len);
	dump_log_end(&d);
	strbuf_release(&d.tail.text);
	return n < 0 ? (int)n : 1;
}

/* --- small files ---------------------------------------------------------------------------------------------------------------- */

#define SMALL_MAX ((size_t)1 << 20)

static int read_small(struct recording *r, struct source *src, struct value_builder *b, struct value *ret, struct err *err)
{
	_cleanup_(mem_freep) char *buf = mem_alloc(PIECE);
	_cleanup_(strbuf_release) struct strbuf text;
	ssize_t n;

	strbuf_init(&text, SMALL_MAX);
	while ((n = src->read(src, buf, PIECE, err)) > 0)
		strbuf_add(&text, buf, (size_t)n);
	if (n < 0)
		return (int)n;
	n = strbuf_check(&text, src->name, err);
	return n < 0 ? (int)n : json_parser_parse(r->parser, b, text.buf, text.len, NULL, ret, err);
}

/* {"NS": "forbidden: ..."} or ["forbidden: ..."]: what the collector could not read. */
static void add_errors(struct recording *r, const char *path, const struct value *v)
{
	char name[1][PART_MAX];
	const struct kind *k;
	char what[2 * PART_MAX];

	if (!last_parts(path, name, 1))
		return;
	name[0][strlen(name[0]) - strlen("-errors.json")] = '\0';
	k = kind_of_name(name[0], strlen(name[0]));
	for (member_each(m, v)) {
		snprintf(what, sizeof(what), "%s in namespace %s", k ? k->plural : name[0], m->key);
		inventory_add_note(r->inv, what, value_str(&m->v, "cannot be read"), k ? k->id : KIND_COUNT, m->key);
	}
	for (value_each(e, v))
		inventory_add_note(r->inv, k ? k->plural : name[0], value_str(e, "cannot be read"), k ? k->id : KIND_COUNT, NULL);
}

static int read_meta(struct recording *r, struct source *src, struct err *err)
{
	struct value_builder b;
	struct arena a;
	struct value v = {.type = VALUE_NULL};
	int code;

	arena_init(&a);
	value_builder_init(&b, &a, NULL);
	code = read_small(r, src, &b, &v, err);
	if (code == 0 && str_ends(src->name, "-errors.json"))
		add_errors(r, src->name, &v);
	else if (code == 0)
		inventory_set_server_version(r->inv, value_str(value_at(&v, "info.gitVersion"), ""));
	arena_release(&a);
	return code < 0 ? code : 1;
}

int layout_read(struct recording *r, struct source *src, struct err *err)
{
	/* Lists of other things than objects, which would only be reported as broken. */
	static const char *const skipped[] = {"auth-cani-list/", "groups.json", "resources.json", "image-pull-secrets/"};
	const char *path = src->name, *rest = below(path, "cluster-resources/");
	char parts[3][PART_MAX];

	if (!r->many)
		return 0;
	if (rest && strncmp(rest, "pods/logs/", 10) == 0) {
		bool is_log = str_ends(path, ".log") && !str_ends(path, "-logs-errors.log");

		return is_log && last_parts(path, parts, 3) ? read_log(r, src, parts, err) : 1;
	}
	if (str_ends(path, "/logs.txt") && last_parts(path, parts, 3))
		return read_dump_log(r, src, parts, err);
	if ((rest && str_ends(path, "-errors.json")) || below(path, "cluster-info/cluster_version.json"))
		return read_meta(r, src, err);
	for (size_t i = 0; rest && i < ARRAY_LEN(skipped); i++)
		if (strncmp(rest, skipped[i], strlen(skipped[i])) == 0)
			return 1;
	return 0;
}
