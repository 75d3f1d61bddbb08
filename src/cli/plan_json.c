/* A plan as JSON. */
#include "cli/plan_report.h"
#include "format/json.h"

static void member_number(struct json_writer *w, const char *key, double d)
{
	json_key(w, key);
	if (d == (double)(int64_t)d)
		json_int(w, (int64_t)d);
	else
		json_double(w, d);
}

static void amount(struct json_writer *w, const char *key, const struct spec_amount *a)
{
	json_key(w, key);
	json_object_begin(w);
	member_number(w, "cpu", a->cpu);
	member_number(w, "memory_gb", a->memory_gb);
	member_number(w, "storage_gb", a->storage_gb);
	json_object_end(w);
}

static void node(struct json_writer *w, const char *key, double count, double cpu, double memory)
{
	json_key(w, key);
	json_object_begin(w);
	member_number(w, "count", count);
	member_number(w, "cpu", cpu);
	member_number(w, "memory_gb", memory);
	json_object_end(w);
}

static void part(struct json_writer *w, const struct plan_part *p)
{
	const struct spec_cluster *c = p->cluster;
	const struct spec_budget *b = p->budget;

	json_object_begin(w);
	json_member_text(w, "id", spec_env_id(p->env));
	json_member_text(w, "title", c->title);
	json_member_text(w, "source", c->source);
	member_number(w, "clusters", p->count);
	node(w, "control_planes", c->control_planes, c->control_cpu, c->control_memory);
	node(w, "workers", c->workers, c->cpu, c->memory_gb);
	json_member_text(w, "budget_source", b->source);
	amount(w, "budget", &b->total);
	amount(w, "allocated", &p->sum);
	json_key(w, "gpu");
	json_object_begin(w);
	member_number(w, "count", b->gpus);
	member_number(w, "vram_gb", b->vram_gb.min);
	json_member_text(w, "text", b->gpu_text);
	json_object_end(w);
	json_key(w, "components");
	json_array_begin(w);
	for (unsigned n = 0; n < b->component_count; n++) {
		json_object_begin(w);
		json_member_text(w, "id", b->components[n].id);
		json_member_text(w, "title", b->components[n].title);
		amount(w, "allocated", &b->components[n].has);
		json_object_end(w);
	}
	json_array_end(w);
	json_object_end(w);
}

static void machines(struct json_writer *w, const struct plan *p)
{
	json_key(w, "machines");
	json_array_begin(w);
	for (unsigned n = 0; n < p->spec.machine_count; n++) {
		const struct spec_machine *m = &p->spec.machines[n];

		if (!(p->audit_options.envs & (1u << m->env)))
			continue;
		json_object_begin(w);
		json_member_text(w, "id", m->id);
		json_member_text(w, "source", m->source);
		member_number(w, "count", m->count);
		member_number(w, "cores", m->cores);
		member_number(w, "memory_gb", m->memory_gb);
		member_number(w, "storage_gb", m->storage_gb);
		member_number(w, "gpus", m->gpus);
		member_number(w, "vram_gb", m->vram_gb);
		member_number(w, "nic_gbps", m->nic_gbps);
		json_member_text(w, "meaning", m->meaning);
		json_object_end(w);
	}
	json_array_end(w);
}

static void volumes(struct json_writer *w, const struct plan *p)
{
	json_key(w, "volumes");
	json_array_begin(w);
	for (uint32_t n = 0; n < p->volumes.len; n++) {
		const struct plan_volume *v = &p->volumes.items[n];

		json_object_begin(w);
		json_member_text(w, "id", v->volume->id);
		json_member_text(w, "title", v->volume->title);
		json_member_text(w, "cluster", spec_env_id(v->env));
		json_member_text(w, "type", v->volume->type);
		member_number(w, "size_gb", v->size_gb);
		member_number(w, "growth_gb_day", v->growth_gb_day);
		member_number(w, "retention_days", v->retention_days);
		member_number(w, "end_gb", v->end_gb);
		json_key(w, "full_days");
		if (v->full_days < 0)
			json_null(w);
		else
			json_double(w, v->full_days);
		json_member_text(w, "full_date", v->full_date);
		json_object_end(w);
	}
	json_array_end(w);
}

static void models(struct json_writer *w, const struct plan *p)
{
	json_key(w, "models");
	json_array_begin(w);
	for (uint32_t n = 0; n < p->models.len; n++) {
		const struct plan_model *m = &p->models.items[n];

		json_object_begin(w);
		json_member_text(w, "name", m->model->name);
		json_member_text(w, "cluster", spec_env_id(m->env));
		member_number(w, "weights_gb", m->model->weights_gb);
		member_number(w, "kv_bytes_per_token", m->model->kv_bytes_per_token);
		member_number(w, "kv_gb", m->kv_gb);
		member_number(w, "parallel", m->parallel);
		member_number(w, "specified_gb", m->model->vram_gb);
		member_number(w, "need_gb", m->need_gb);
		json_object_end(w);
	}
	json_array_end(w);
}

static void network(struct json_writer *w, const struct plan *p)
{
	const struct spec_bandwidth *b = &p->spec.bandwidth[p->parts[0].env];

	json_key(w, "network");
	json_object_begin(w);
	member_number(w, "internet_gbps", b->internet_gbps);
	member_number(w, "internal_gbps", b->internal_gbps);
	member_number(w, "download_minutes", p->download_minutes);
	member_number(w, "written_mbit_second", p->growth_mbit_second);
	json_key(w, "ports");
	json_array_begin(w);
	for (unsigned n = 0; n < p->spec.port_count; n++) {
		const struct spec_port *port = &p->spec.ports[n];

		if (!plan_has_port(p, port))
			continue;
		json_object_begin(w);
		json_member_text(w, "id", port->id);
		member_number(w, "port", port->port);
		if (port->to > 0)
			member_number(w, "to", port->to);
		json_member_text(w, "group", port->group);
		json_member_text(w, "text", port->text);
		json_member_text(w, "note", port->note);
		json_object_end(w);
	}
	json_array_end(w);
	json_key(w, "flows");
	json_array_begin(w);
	for (uint32_t n = 0; n < p->flows.len; n++) {
		json_object_begin(w);
		json_member_text(w, "from", p->flows.items[n].from);
		json_member_text(w, "to", p->flows.items[n].to);
		member_number(w, "port", p->flows.items[n].port);
		json_object_end(w);
	}
	json_array_end(w);
	json_object_end(w);
}

static void issue(struct json_writer *w, const struct issue *i)
{
	json_object_begin(w);
	json_member_text(w, "id", i->id);
	json_member_text(w, "kind", issue_kind_text(i->kind));
	json_key(w, "accepted");
	json_bool(w, i->accepted);
	json_member_text(w, "title", i->title);
	json_member_text(w, "why", i->why);
	json_member_text(w, "repair", i->repair);
	json_key(w, "sources");
	json_array_begin(w);
	for (unsigned n = 0; n < i->source_count; n++)
		json_string(w, i->sources[n]);
	json_array_end(w);
	json_key(w, "figures");
	json_array_begin(w);
	for (unsigned n = 0; n < i->figure_count; n++) {
		json_object_begin(w);
		json_member_text(w, "what", i->figures[n].what);
		member_number(w, "value", i->figures[n].value);
		json_member_text(w, "unit", i->figures[n].unit);
		json_object_end(w);
	}
	json_array_end(w);
	json_object_end(w);
}

static void issues(struct json_writer *w, const char *key, const struct issue_list *list)
{
	json_key(w, key);
	json_array_begin(w);
	for (uint32_t n = 0; n < list->len; n++)
		issue(w, list->items[n]);
	json_array_end(w);
}

static void repair(struct json_writer *w, const struct plan *p)
{
	json_key(w, "repair");
	json_object_begin(w);
	member_number(w, "cost_specified", p->repair.cost_before);
	member_number(w, "cost", p->repair.cost_after);
	json_key(w, "steps");
	json_array_begin(w);
	for (uint32_t n = 0; n < p->repair.len; n++) {
		const struct spec_edit *e = p->repair.items[n].edit;

		json_object_begin(w);
		json_member_text(w, "issue", p->repair.items[n].issue->id);
		json_member_text(w, "what", e->what);
		if (e->number) {
			member_number(w, "from", e->from);
			member_number(w, "to", e->to);
			json_member_text(w, "unit", e->unit);
		} else {
			json_member_text(w, "from", e->text_from);
			json_member_text(w, "to", e->text_to);
		}
		json_object_end(w);
	}
	json_array_end(w);
	json_object_end(w);
}

static void totals(struct json_writer *w, const struct plan *p)
{
	json_key(w, "totals");
	json_object_begin(w);
	member_number(w, "nodes", p->nodes);
	member_number(w, "cores", p->cores);
	member_number(w, "memory_gb", p->memory_gb);
	member_number(w, "storage_gb", p->storage_gb);
	member_number(w, "gpus", p->gpus);
	member_number(w, "watts", p->watts);
	member_number(w, "datastores", p->datastores);
	json_object_end(w);
	if (!p->options->prices)
		return;
	json_key(w, "month");
	json_object_begin(w);
	json_member_text(w, "currency", p->money.currency);
	json_key(w, "machines");
	json_double(w, p->money.machines);
	json_key(w, "storage");
	json_double(w, p->money.storage);
	json_key(w, "gpus");
	json_double(w, p->money.gpus);
	json_key(w, "energy");
	json_double(w, p->money.energy);
	json_object_end(w);
}

void plan_report_json(struct strbuf *out, const struct plan *p)
{
	struct json_writer w;

	json_writer_init(&w, out, 2);
	json_object_begin(&w);
	json_member_text(&w, "format", "auto-devops/plan/v1");
	json_member_text(&w, "environment", p->options->environment);
	json_member_text(&w, "title", p->title);
	json_key(&w, "repaired");
	json_bool(&w, p->options->repair);
	json_member_int(&w, "open", p->open);
	json_key(&w, "clusters");
	json_array_begin(&w);
	for (unsigned n = 0; n < p->part_count; n++)
		part(&w, &p->parts[n]);
	json_array_end(&w);
	machines(&w, p);
	volumes(&w, p);
	models(&w, p);
	network(&w, p);
	totals(&w, p);
	issues(&w, "issues", &p->audit.issues);
	issues(&w, "mended", &p->answered);
	repair(&w, p);
	/* What all that was computed from. */
	json_key(&w, "specification");
	json_object_begin(&w);
	for (size_t n = 0; n < SPEC_TABLES; n++) {
		json_key(&w, spec_table_names[n]);
		json_value(&w, &p->spec.tables[n], false);
	}
	json_object_end(&w);
	json_object_end(&w);
	strbuf_addch(out, '\n');
}
