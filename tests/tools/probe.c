/* What only a real API server can show, in a program of its own:
 *   probe wires           the inventory read as protobuf equals the one read as JSON, object by object
 *   probe watch KIND NS N prints N changes of a kind ("ADDED shop/web"), then ends
 * Uses KUBECONFIG. Exit code 0 when all is as it should be. */
#include "cluster/api_client.h"
#include "cluster/inventory.h"
#include "cluster/watch.h"
#include "format/json.h"

#include <stdio.h>

static int fail(const struct err *err)
{
	fprintf(stderr, "probe: %s\n", err->message);
	return 1;
}

/* metadata.managedFields are in neither; versions move while we look, so objects that changed in between are left out. */
static bool same(const struct object *a, const struct object *b)
{
	return !str_eq(a->resource_version, b->resource_version) || value_equal(&a->root, &b->root);
}

static void print(const char *wire, const struct object *o)
{
	_cleanup_(strbuf_release) struct strbuf text;
	struct json_writer w;
	strbuf_init(&text, STRBUF_MAX_OUTPUT);
	json_writer_init(&w, &text, 0);
	json_value(&w, &o->root, true);
	printf("%s: %s\n", wire, text.buf);
}

static int compare(const struct inventory *a, const struct inventory *b)
{
	unsigned compared = 0, different = 0;
	for (int k = 0; k < KIND_COUNT; k++) {
		const struct object_list *list = inventory_list(a, (enum kind_id)k);
		for (uint32_t i = 0; i < list->len; i++) {
			const struct object *x = list->items[i];
			const struct object *y = k == KIND_CUSTOM ? inventory_find_custom(b, x->kind->group, x->kind->name, x->ns, x->name)
								  : inventory_find(b, (enum kind_id)k, x->ns, x->name);
			compared++;
			if (y && same(x, y))
				continue;
			different++;
			printf("%s %s/%s: %s\n", x->kind->name, x->ns, x->name, y ? "differs" : "is not in the JSON inventory");
			if (y && different <= 3) {
				print("protobuf", x);
				print("JSON", y);
			}
		}
	}
	printf("%u objects compared, %u differ; %u and %u events\n", compared, different, inventory_events(a)->len, inventory_events(b)->len);
	return compared && !different ? 0 : 1;
}

static int wires(struct ctx *ctx)
{
	struct cluster_options o = {.all_kinds = true};
	_cleanup_(cluster_freep) struct cluster *protobuf = NULL;
	_cleanup_(cluster_freep) struct cluster *json = NULL;
	struct err err = {0};
	unsetenv("AUTO_DEVOPS_WIRE");
	if (cluster_open(ctx, &o, &protobuf, &err) < 0)
		return fail(&err);
	setenv("AUTO_DEVOPS_WIRE", "json", 1);
	if (cluster_open(ctx, &o, &json, &err) < 0)
		return fail(&err);
	return compare(cluster_inventory(protobuf), cluster_inventory(json));
}

struct watching {
	long left;
};

static int on_change(void *arg, enum watch_change change, const struct value *object, const struct err *why)
{
	static const char *const names[] = {"RESET", "ADDED", "CHANGED", "DELETED", "SYNCED", "LOST"};
	struct watching *w = arg;
	const struct value *metadata = value_get(object, "metadata");
	printf("%s %s/%s%s\n", names[change], value_get_str(metadata, "namespace"), value_get_str(metadata, "name"), why ? why->message : "");
	fflush(stdout);
	return --w->left <= 0;
}

static int watch(struct ctx *ctx, const char *kind_name, const char *ns, long count)
{
	struct cluster_options o = {0};
	_cleanup_(api_client_freep) struct api_client *client = NULL;
	struct err err = {0};
	const struct kind *kind = kind_by_name(kind_name);
	if (!kind)
		return 2;
	if (api_client_new(&o, NULL, &client, &err) < 0)
		return fail(&err);
	struct watching w = {.left = count};
	const char *wire = getenv("AUTO_DEVOPS_WIRE"), *seconds = getenv("PROBE_SECONDS");
	struct watch_handler h = {
		.change = on_change, .arg = &w, .json = wire && str_eq(wire, "json"), .seconds = seconds ? (unsigned)strtoul(seconds, NULL, 10) : 0};
	int r = watch_run(ctx, client, kind, *ns ? ns : NULL, &h, &err);
	return r < 0 ? fail(&err) : 0;
}

int main(int argc, char **argv)
{
	struct ctx ctx;
	ctx_init(&ctx);
	ctx_catch_signals();
	int r = 2;
	if (argc == 2 && str_eq(argv[1], "wires"))
		r = wires(&ctx);
	else if (argc == 5 && str_eq(argv[1], "watch"))
		r = watch(&ctx, argv[2], argv[3], strtol(argv[4], NULL, 10));
	ctx_release(&ctx);
	return r;
}
