/* Facts of a machine, from a file and from what programs and the kernel print: any text is read or refused, judged, and written again. */
#include "platform/fitness.h"
#include "platform/machine_internal.h"
#include "platform/release.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool so, const char *what)
{
	if (so)
		return;
	fprintf(stderr, "not so: %s\n", what);
	abort();
}

static void judge(struct ctx *ctx, const struct value *facts)
{
	struct software_list tools, packages;
	struct port_list ports;
	struct system_list systems;
	struct profile profile;
	struct role role;
	struct fitness f = {.arena = &ctx->arena};

	require(profile_tools(ctx, &tools, NULL) == 0 && profile_packages(ctx, &packages, NULL) == 0 && profile_ports(ctx, &ports, NULL) == 0 &&
			profile_systems(ctx, &systems, NULL) == 0 && profile_read(ctx, "server-min", &profile, NULL) == 0 &&
			role_read(ctx, "mongodb", &role, NULL) == 0,
		"the specification is read");
	fitness_machine(&f, facts,
			&(struct fitness_options){
				.profile = &profile, .role = &role, .tools = &tools, .packages = &packages, .ports = &ports, .systems = &systems});
	for (uint32_t i = 0; i < f.len; i++) {
		require(*f.items[i].id && *f.items[i].measured, "a line says what it is about");
		require(f.items[i].verdict == FIT_PASS || *f.items[i].remedy, f.items[i].id);
	}
}

/* A fact file. */
static void as_file(struct ctx *ctx, const char *text, size_t size)
{
	_cleanup_(strbuf_release) struct strbuf out;
	struct value facts, again;
	struct err err;

	strbuf_init(&out, SIZE_MAX / 2);
	if (machine_parse(ctx, "fuzz", text, size, &facts, &err) < 0) {
		require(err.code == ERR_INPUT || err.code == ERR_LIMIT, "a file that is none is said to be none");
		return;
	}
	judge(ctx, &facts);
	machine_text(&facts, false, &out);
	require(machine_parse(ctx, "again", out.buf, out.len, &again, &err) == 0 && value_equal(&facts, &again), "facts read back as they were");
}

/* What a program printed. */
static void as_output(struct ctx *ctx, const char *text, size_t size)
{
	static const char *const markers[] = {NULL, "version", "\"gitVersion\"", "go version go"};
	const struct machine_options o = {.root = ""};
	struct value facts = {.type = VALUE_MAP};
	struct machine m = {.ctx = ctx, .o = &o, .facts = &facts};
	struct listener_list listeners = {0};
	struct fact_list gpus = {0};
	size_t len;

	value_builder_init(&m.b, &ctx->arena, NULL);
	for (size_t i = 0; i < ARRAY_LEN(markers); i++) {
		const char *found = release_find(text, size, markers[i], &len);
		struct release r;

		require(!found || (found >= text && len > 0 && len < RELEASE_MAX && found + len <= text + size), "a version lies within its text");
		require(!found || release_parse(found, len, &r), "a version that is found can be taken apart");
		require(!found || release_compare(&r, &r) == 0, "a version equals itself");
		machine_tool_output(&m, &facts, markers[i], text, size, text, size);
	}
	machine_nvidia_smi(&m, text, &gpus);
	machine_listeners(&ctx->arena, text, &listeners);
	machine_cpu_count(text);
	machine_field(text, "model name", &len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ctx ctx;
	char *text;

	ctx_init(&ctx);
	text = arena_strndup(&ctx.arena, (const char *)data, size);
	as_file(&ctx, text, size);
	as_output(&ctx, text, size);
	ctx_release(&ctx);
	return 0;
}
