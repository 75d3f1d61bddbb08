/* What the specification's data say, and how facts are judged by them. */
#include "unit.h"

#include "cli/cli.h"
#include "format/yaml.h"
#include "platform/embedded.h"
#include "platform/fitness.h"
#include "platform/machine.h"
#include "platform/profile.h"

static struct ctx ctx;
static struct fitness f;

static int begin(void **state)
{
	ctx_init(&ctx);
	return 0;
}

static int end(void **state)
{
	ctx_release(&ctx);
	return 0;
}

/* Judges facts, given as YAML, against a profile ("" = none) and a role ("" = none). */
static void judge(const char *profile_id, const char *role_id, const char *facts_text)
{
	const char *text = arena_printf(&ctx.arena, "format: " MACHINE_FORMAT "\n%s", facts_text);
	struct fitness_options o = {0};
	struct software_list tools, packages;
	struct port_list ports;
	struct system_list systems;
	struct profile profile;
	struct role role;
	struct value facts;

	assert_int_equal(machine_parse(&ctx, "facts", text, strlen(text), &facts, NULL), 0);
	assert_int_equal(profile_tools(&ctx, &tools, NULL), 0);
	assert_int_equal(profile_packages(&ctx, &packages, NULL), 0);
	assert_int_equal(profile_ports(&ctx, &ports, NULL), 0);
	assert_int_equal(profile_systems(&ctx, &systems, NULL), 0);
	o = (struct fitness_options){.tools = &tools, .packages = &packages, .ports = &ports, .systems = &systems};
	if (*profile_id) {
		assert_int_equal(profile_read(&ctx, profile_id, &profile, NULL), 0);
		o.profile = &profile;
	}
	if (*role_id) {
		assert_int_equal(role_read(&ctx, role_id, &role, NULL), 0);
		o.role = &role;
	}
	f = (struct fitness){.arena = &ctx.arena};
	fitness_machine(&f, &facts, &o);
}

static const struct fit_line *line(const char *id)
{
	for (uint32_t i = 0; i < f.len; i++)
		if (str_eq(f.items[i].id, id))
			return &f.items[i];
	fail_msg("there is no line %s", id);
	return NULL;
}

static const char *verdict(const char *id)
{
	return fit_text(line(id)->verdict);
}

/* The ids of a file's list, in the form of a flag's choices. */
static const char *ids_of(const char *file, const char *list)
{
	struct value_builder b;
	struct value data;
	const char *text = "";

	value_builder_init(&b, &ctx.arena, NULL);
	assert_int_equal(embedded_value(&b, file, &data, NULL), 0);
	for (value_each(row, value_get(&data, list)))
		text = arena_printf(&ctx.arena, "%s%s%s", text, *text ? "|" : "", value_get_str(row, "id"));
	return text;
}

static void flags_offer_what_the_data_have(void **state)
{
	assert_string_equal(flag_by_id(FLAG_PROFILE)->argument, ids_of("hardware", "profiles"));
	assert_string_equal(flag_by_id(FLAG_ROLE)->argument, ids_of("agents", "agents"));
}

static void profiles_are_read_whole(void **state)
{
	struct profile p;
	struct role r;
	struct cluster_need c;
	struct err err;

	assert_int_equal(profile_read(&ctx, "server-min", &p, NULL), 0);
	assert_float_equal(p.required.cores, 24, 0);
	assert_float_equal(p.required.clock_ghz, 2.4, 0.001);
	assert_float_equal(p.required.memory_gb, 128, 0);
	assert_true(p.required.ecc);
	assert_float_equal(p.required.nvme_gb, 2000, 0);
	assert_float_equal(p.required.more_gb, 4000, 0);
	assert_float_equal(p.required.nic_gbps, 10, 0);
	assert_int_equal(p.required.gpus, 1);
	assert_float_equal(p.recommended.cores, 48, 0);
	assert_int_equal(p.environment, SPEC_PRODUCTION);
	assert_int_equal(profile_read(&ctx, "kamaji-management", &p, NULL), 0);
	assert_int_equal(p.required.gpus, 2);
	assert_true(p.required.redundant);
	assert_float_equal(p.recommended.cores, 0, 0);
	assert_int_equal(role_read(&ctx, "mongodb", &r, NULL), 0);
	assert_float_equal(r.required.iops, 10000, 0);
	assert_float_equal(r.required.more_gb, 500, 0);
	assert_true(r.required.more_ssd);
	/* Every environment has a cluster. */
	for (int e = SPEC_DEV; e <= SPEC_TENANT; e++)
		assert_int_equal(profile_cluster(&ctx, (enum spec_env)e, &c, NULL), 0);
	assert_int_equal(profile_cluster(&ctx, SPEC_PRODUCTION, &c, NULL), 0);
	assert_int_equal(c.workers, 8);
	assert_int_equal(c.storage_classes.len, 5);
	assert_true(c.gpu && c.quotas && c.load_balancer && !c.kamaji);
	assert_string_equal(c.version, "1.32");
	/* Kamaji itself needs more than the specification says. */
	assert_int_equal(profile_cluster(&ctx, SPEC_KAMAJI, &c, NULL), 0);
	assert_true(c.kamaji);
	assert_string_equal(c.version, "1.33");
	assert_int_equal(profile_read(&ctx, "toaster", &p, &err), ERR_USAGE);
	assert_int_equal(role_read(&ctx, "toaster", &r, &err), ERR_USAGE);
}

static void software_has_its_floors(void **state)
{
	struct software_list list;
	const struct software *go = NULL, *helm = NULL, *ollama = NULL, *opik = NULL;

	assert_int_equal(profile_tools(&ctx, &list, NULL), 0);
	for (uint32_t i = 0; i < list.len; i++) {
		go = str_eq(list.items[i].id, "go") ? &list.items[i] : go;
		helm = str_eq(list.items[i].id, "helm") ? &list.items[i] : helm;
		ollama = str_eq(list.items[i].id, "ollama") ? &list.items[i] : ollama;
		assert_true(machine_asks_tool(list.items[i].id));
	}
	assert_string_equal(go->minimum, "1.24");
	assert_string_equal(helm->minimum, "3.12");
	assert_true(helm->optional);
	assert_null(ollama->minimum);
	assert_non_null(ollama->elsewhere);
	assert_int_equal(profile_packages(&ctx, &list, NULL), 0);
	for (uint32_t i = 0; i < list.len; i++) {
		/* PyPI has no opik-python, and asyncio is part of Python. */
		assert_string_not_equal(list.items[i].id, "asyncio");
		assert_string_not_equal(list.items[i].id, "opik-python");
		opik = str_eq(list.items[i].id, "opik") ? &list.items[i] : opik;
		if (str_eq(list.items[i].id, "fastapi"))
			assert_string_equal(list.items[i].minimum, "0.104");
	}
	assert_non_null(opik);
}

static void nothing_known_passes_nothing(void **state)
{
	static const char *const ids[] = {"laptop-min",        "laptop-recommended", "server-min",        "server-recommended",
					  "kamaji-management", "worker-min",         "worker-recommended"};

	for (size_t p = 0; p < ARRAY_LEN(ids); p++) {
		judge(ids[p], "scarlet", "");
		assert_true(f.len > 30);
		for (uint32_t i = 0; i < f.len; i++) {
			assert_int_equal(f.items[i].verdict, FIT_UNKNOWN);
			assert_true(*f.items[i].remedy);
		}
	}
}

static void needs_name_their_row_of_the_specification(void **state)
{
	judge("server-min", "scarlet", "");
	assert_string_equal(line("cpu/cores")->source, "Hardware Requirements > Single Server (Production) > Minimum Configuration > CPU");
	assert_string_equal(line("scarlet/memory-size")->source,
			    "AI/ML Requirements > Hardware for AI Components > Scarlet (Advanced AI Agent) > Memory");
	assert_string_equal(line("tool/go")->source, "Software Prerequisites > Required Tools > Go v1.24+");
	assert_string_equal(line("port/8001")->source, "Network Requirements > Ports & Connectivity > Jamie WebSocket");
	assert_string_equal(line("kernel/version")->source, "");
}

static void sizes_are_nominal(void **state)
{
	judge("laptop-min", "", "memory: {total_bytes: 64000000000}\ndisks: [{size_bytes: 1000000000000, rotational: false, transport: nvme}]\n");
	assert_string_equal(verdict("memory/size"), "pass");
	assert_string_equal(verdict("disk/size"), "pass");
	judge("laptop-min", "", "memory: {total_bytes: 60000000000}\ndisks: [{size_bytes: 960000000000, rotational: false, transport: nvme}]\n");
	assert_string_equal(verdict("memory/size"), "warn");
	assert_string_equal(verdict("disk/size"), "warn");
	judge("laptop-min", "", "memory: {total_bytes: 59000000000}\ndisks: [{size_bytes: 512000000000, rotational: false, transport: nvme}]\n");
	assert_string_equal(verdict("memory/size"), "fail");
	assert_string_equal(verdict("disk/size"), "fail");
}

static void limits_count_for_less_than_the_machine(void **state)
{
	judge("laptop-min", "",
	      "cpu: {cores: 64, usable: 32, cgroup_limit: 2.5}\nmemory: {total_bytes: 256000000000, cgroup_limit_bytes: 4000000000}\n");
	assert_string_equal(verdict("cpu/cores"), "fail");
	assert_non_null(strstr(line("cpu/cores")->remedy, "limit"));
	assert_string_equal(verdict("memory/size"), "fail");
	/* A limit above what there is limits nothing. */
	judge("laptop-min", "",
	      "cpu: {cores: 16, usable: 16, cgroup_limit: 64}\nmemory: {total_bytes: 128000000000, cgroup_limit_bytes: 999000000000}\n");
	assert_string_equal(verdict("cpu/cores"), "pass");
	assert_string_equal(verdict("memory/size"), "pass");
}

static void only_a_promised_clock_counts(void **state)
{
	judge("server-min", "", "cpu: {cores: 24, base_mhz: 2400}\n");
	assert_string_equal(verdict("cpu/clock"), "pass");
	judge("server-min", "", "cpu: {cores: 24, base_mhz: 2000, max_mhz: 3400}\n");
	assert_string_equal(verdict("cpu/clock"), "warn");
	judge("server-min", "", "cpu: {cores: 24, base_mhz: 2000, max_mhz: 2200}\n");
	assert_string_equal(verdict("cpu/clock"), "fail");
	judge("server-min", "", "cpu: {cores: 24, max_mhz: 3400}\n");
	assert_string_equal(verdict("cpu/clock"), "warn");
	/* What it runs at now may be boost, but not in a virtual machine. */
	judge("server-min", "", "cpu: {cores: 24, current_mhz: 3400}\n");
	assert_string_equal(verdict("cpu/clock"), "unknown");
	judge("server-min", "", "cpu: {cores: 24, current_mhz: 2445, flags: [hypervisor]}\n");
	assert_string_equal(verdict("cpu/clock"), "pass");
}

static void spinning_disks_are_no_ssds(void **state)
{
	static const char facts[] = "disks: [{size_bytes: 4000000000000, rotational: false, transport: nvme}, "
				    "{size_bytes: 8000000000000, rotational: true, transport: sata}]\n";

	judge("server-min", "", facts);
	assert_string_equal(verdict("disk/size"), "pass");
	judge("server-recommended", "", facts);
	assert_string_equal(verdict("disk/size"), "fail");
	assert_non_null(strstr(line("disk/size")->remedy, "another kind"));
}

static void a_gpu_needs_its_memory_known(void **state)
{
	judge("server-min", "", "gpus: []\n");
	assert_string_equal(verdict("gpu/memory"), "fail");
	judge("server-min", "", "gpus: [{vendor: nvidia, driver: '550'}]\n");
	assert_string_equal(verdict("gpu/memory"), "unknown");
	judge("server-min", "", "gpus: [{vendor: nvidia, vram_bytes: 12878610432, driver: '550'}]\n");
	assert_string_equal(verdict("gpu/memory"), "pass");
	judge("laptop-min", "", "gpus: []\n");
	assert_string_equal(verdict("gpu/memory"), "pass");
	assert_non_null(strstr(line("gpu/memory")->why, "optional"));
}

static void ports_are_known_by_their_owners(void **state)
{
	judge("laptop-min", "",
	      "ports: {6443: {state: held, by: kube-apiserver, pid: 1}, 443: {state: held, by: kube-apiserver, pid: 1}, 9090: {state: held, by: x, pid: 2}, 80: {state: held}}\n");
	assert_string_equal(verdict("port/6443"), "pass");
	assert_string_equal(verdict("port/443"), "fail");
	assert_string_equal(verdict("port/9090"), "warn");
	assert_string_equal(verdict("port/80"), "warn");
	assert_string_equal(verdict("port/8080"), "unknown");
}

static void what_is_ignored_weighs_nothing(void **state)
{
	struct fitness_counts before, after;

	judge("laptop-min", "", "ports: {443: {state: held, by: x, pid: 2}}\ncpu: {cores: 2}\n");
	before = fitness_count(&f);
	assert_true(fitness_ignore(&f, "port/443"));
	assert_true(fitness_ignore(&f, "cpu/"));
	assert_false(fitness_ignore(&f, "port/44"));
	assert_false(fitness_ignore(&f, "cpu"));
	assert_false(fitness_ignore(&f, ""));
	after = fitness_count(&f);
	assert_int_equal(before.fail, after.fail + 2);
	assert_int_equal(before.fail + before.pass + before.unknown, after.fail + after.pass + after.unknown + after.ignored);
}

static void other_machines_than_laptops_need_fewer_programs(void **state)
{
	judge("laptop-min", "", "tools: {kind: {found: false}, pulumi: {found: false}}\n");
	assert_string_equal(verdict("tool/kind"), "fail");
	assert_string_equal(verdict("tool/pulumi"), "fail");
	judge("worker-min", "", "tools: {kind: {found: false}, pulumi: {found: false}}\n");
	assert_string_equal(verdict("tool/pulumi"), "warn");
	for (uint32_t i = 0; i < f.len; i++)
		assert_string_not_equal(f.items[i].id, "tool/kind");
}

#define JUDGED(test) cmocka_unit_test_setup_teardown(test, begin, end)

RUN_TESTS(JUDGED(flags_offer_what_the_data_have), JUDGED(profiles_are_read_whole), JUDGED(software_has_its_floors),
	  JUDGED(nothing_known_passes_nothing), JUDGED(needs_name_their_row_of_the_specification), JUDGED(sizes_are_nominal),
	  JUDGED(limits_count_for_less_than_the_machine), JUDGED(only_a_promised_clock_counts), JUDGED(spinning_disks_are_no_ssds),
	  JUDGED(a_gpu_needs_its_memory_known), JUDGED(ports_are_known_by_their_owners), JUDGED(what_is_ignored_weighs_nothing),
	  JUDGED(other_machines_than_laptops_need_fewer_programs))
