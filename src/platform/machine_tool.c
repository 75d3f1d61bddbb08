/* Facts of the software: each program of tools.def is run once to hear its version, several side by side; Python's packages when asked for. */
#include "platform/machine_internal.h"
#include "base/pool.h"
#include "base/process.h"
#include "platform/release.h"

#define TOOL_OUTPUT_MAX ((size_t)256 << 10)
#define TOOL_THREADS 8
#define PACKAGES_TIMEOUT (20 * USEC_PER_SEC)

struct tool {
	const char *name, *marker;
	const char *const *env;
	const char *const *argv;
};

#define TOOL(name, marker, env, ...) {name, marker, (const char *const[]){env, NULL}, (const char *const[]){__VA_ARGS__, NULL}},
static const struct tool tools[] = {
#include "platform/tools.def"
};
#undef TOOL

bool machine_asks_tool(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(tools); i++)
		if (str_eq(tools[i].name, name))
			return true;
	return false;
}

/* What one run said; on the heap, for it comes from another thread. */
struct answer {
	struct strbuf out, errors;
	int r, status;
	struct err err;
};

struct asking {
	const struct ctx *ctx;
	struct answer answers[ARRAY_LEN(tools)];
};

static void ask_tool(void *arg, size_t i)
{
	struct asking *asking = arg;
	struct answer *a = &asking->answers[i];
	const struct process p = {.argv = tools[i].argv, .env = tools[i].env[0] ? tools[i].env : NULL, .timeout = MACHINE_TOOL_TIMEOUT};
	struct ctx ctx;

	/* A ctx belongs to one thread. */
	ctx_init_child(&ctx, asking->ctx, 0);
	a->r = process_run(&ctx, &p, &a->out, &a->errors, &a->status, &a->err);
	ctx_release(&ctx);
}

/* What stands for a program that prints no version: the first line that is not empty. */
static void said(struct machine *m, struct value *tool, const char *text)
{
	text += strspn(text, " \t\r\n");
	fact_text(m, tool, "said", text, strcspn(text, "\n"));
}

void machine_tool_output(struct machine *m, struct value *tool, const char *marker, const char *out, size_t out_len, const char *errors,
			 size_t errors_len)
{
	const char *found = NULL;
	size_t len;

	/* Some print warnings first, or their version to standard error. Without the marker the first version will do: words change. */
	for (int pass = 0; pass < 2 && !found; pass++) {
		const char *before = pass == 0 ? marker : NULL;

		found = release_find(out, out_len, before, &len);
		if (!found)
			found = release_find(errors, errors_len, before, &len);
	}
	if (found)
		fact_text(m, tool, "version", found, len);
	else
		said(m, tool, out_len ? out : errors);
}

static struct value tool_fact(struct machine *m, const struct tool *t, const struct answer *a)
{
	struct value v = {.type = VALUE_MAP};

	/* ERR_NOT_FOUND: no such program. Anything else is one that is there and could not be asked. */
	fact_bool(m, &v, "found", a->r != ERR_NOT_FOUND);
	if (a->r == 0) {
		machine_tool_output(m, &v, t->marker, a->out.buf, a->out.len, a->errors.buf, a->errors.len);
		if (a->status != 0 && !value_get(&v, "version"))
			fact_int(m, &v, "exit", a->status);
	} else if (a->r != ERR_NOT_FOUND) {
		fact_str(m, &v, "error", a->err.message);
	}
	return v;
}

void machine_tools(struct machine *m)
{
	struct asking *asking;
	struct value all = {.type = VALUE_MAP};

	if (!m->o->run_tools)
		return;
	asking = mem_alloc(sizeof(*asking));
	asking->ctx = m->ctx;
	for (size_t i = 0; i < ARRAY_LEN(tools); i++) {
		strbuf_init(&asking->answers[i].out, TOOL_OUTPUT_MAX);
		strbuf_init(&asking->answers[i].errors, TOOL_OUTPUT_MAX);
	}
	pool_run(TOOL_THREADS, ARRAY_LEN(tools), ask_tool, asking);
	for (size_t i = 0; i < ARRAY_LEN(tools); i++) {
		fact_map(m, &all, tools[i].name, tool_fact(m, &tools[i], &asking->answers[i]));
		strbuf_release(&asking->answers[i].out);
		strbuf_release(&asking->answers[i].errors);
	}
	mem_free(asking);
	fact_map(m, m->facts, "tools", all);
}

/* Prints "name version" of each package. The folder that it is run in is taken out of the path first: nothing there is to be run. */
static const char packages_script[] = "import sys\n"
				      "sys.path = [p for p in sys.path if p not in ('', '.')]\n"
				      "import importlib.metadata as m\n"
				      "for d in m.distributions():\n"
				      "    print(d.metadata['Name'], d.version)\n";

static void add_package(struct machine *m, struct value *packages, const char *line, size_t len)
{
	const char *space = memchr(line, ' ', len);
	struct value one = {.type = VALUE_MAP};
	char *name;

	if (!space || space == line || value_len(packages) >= 4096)
		return;
	name = arena_strndup(&m->ctx->arena, line, MIN((size_t)(space - line), MACHINE_TEXT_MAX));
	/* PEP 503: "Prometheus_Client" and "prometheus-client" are one. */
	for (char *p = name; *p; p++)
		*p = *p == '_' || *p == '.' ? '-' : *p >= 'A' && *p <= 'Z' ? (char)(*p | 32) : *p;
	fact_text(m, &one, "v", name, strlen(name));
	if (!value_len(&one))
		return;
	name = (char *)value_get_str(&one, "v");
	fact_text(m, packages, name, space + 1, len - (size_t)(space + 1 - line));
}

void machine_python(struct machine *m)
{
	static const char *const argv[] = {"python3", "-c", packages_script, NULL};
	const struct process p = {.argv = argv, .timeout = PACKAGES_TIMEOUT};
	struct value python = {.type = VALUE_MAP}, packages = {.type = VALUE_MAP};
	_cleanup_(strbuf_release) struct strbuf out;
	_cleanup_(strbuf_release) struct strbuf errors;
	struct err err;
	int status = 0, r;

	strbuf_init(&out, TOOL_OUTPUT_MAX);
	strbuf_init(&errors, TOOL_OUTPUT_MAX);
	if (!m->o->python || !m->o->run_tools)
		return;
	r = process_run(m->ctx, &p, &out, &errors, &status, &err);
	if (r < 0) {
		fact_str(m, &python, "error", err.message);
	} else if (status) {
		fact_text(m, &python, "error", errors.buf, strcspn(errors.buf, "\n"));
	} else {
		for (const char *line = out.buf; *line; line += strcspn(line, "\n"), line += *line == '\n')
			add_package(m, &packages, line, strcspn(line, "\r\n"));
		value_map_set(&m->b, &python, "packages", packages);
	}
	fact_map(m, m->facts, "python", python);
}
