/* A plan as text. */
#include "cli/plan_report.h"

static void heading(struct term *t, const char *text)
{
	term_addf(t, "\n");
	term_add(t, STYLE_BOLD, text);
	term_addf(t, "\n");
}

static void print_part(struct term *t, const struct plan_part *part)
{
	const struct spec_cluster *c = part->cluster;
	const struct spec_budget *b = part->budget;

	heading(t, part->count == 1 ? c->title : "Each tenant's cluster");
	if (part->count != 1)
		term_addf(t, "  clusters        %g\n", part->count);
	if (c->control_planes > 0)
		term_addf(t, "  control planes  %g x %g cores, %g GB\n", c->control_planes, c->control_cpu, c->control_memory);
	term_addf(t, "  workers         %g x %g cores, %g GB\n", c->workers, c->cpu, c->memory_gb);
	term_addf(t, "  GPU             %s\n", b->gpu_text);
	term_addf(t, "\n  %-34s %8s %8s %8s\n", "", "cores", "GB", "disk GB");
	for (unsigned n = 0; n < b->component_count; n++)
		term_addf(t, "  %-34s %8g %8g %8g\n", b->components[n].title, b->components[n].has.cpu, b->components[n].has.memory_gb,
			  b->components[n].has.storage_gb);
	term_addf(t, "  %-34s %8g %8g %8g\n", "in all", part->sum.cpu, part->sum.memory_gb, part->sum.storage_gb);
	term_addf(t, "  %-34s %8g %8g %8g", "budget", b->total.cpu, b->total.memory_gb, b->total.storage_gb);
	if (part->sum.cpu > b->total.cpu || part->sum.memory_gb > b->total.memory_gb || part->sum.storage_gb > b->total.storage_gb)
		term_add(t, STYLE_RED, "  over");
	term_addf(t, "\n");
}

static void print_machines(struct term *t, const struct plan *p)
{
	heading(t, "Machines");
	for (unsigned n = 0; n < p->spec.machine_count; n++) {
		const struct spec_machine *m = &p->spec.machines[n];

		if (!(p->audit_options.envs & (1u << m->env)))
			continue;
		term_addf(t, "  %-20s %3g x %g cores, %g GB, %g GB disk, %g x %g GB GPU, %g Gbps%s%s\n", m->id, m->count, m->cores, m->memory_gb,
			  m->storage_gb, m->gpus, m->vram_gb, m->nic_gbps, *m->meaning ? "; " : "", m->meaning);
	}
}

static void print_volumes(struct term *t, const struct plan *p)
{
	heading(t, "Volumes");
	term_addf(t, "  %-24s %8s %10s %8s %8s  %s\n", "", "size GB", "GB a day", "kept", "then GB", "full");
	for (uint32_t n = 0; n < p->volumes.len; n++) {
		const struct plan_volume *v = &p->volumes.items[n];
		char kept[32];

		snprintf(kept, sizeof(kept), v->retention_days > 0 ? "%g d" : v->growth_gb_day > 0 ? "for ever" : "-", v->retention_days);
		term_addf(t, "  %-24s %8g %10.3g %8s %8.0f  ", v->env == SPEC_TENANT ? v->volume->id : v->volume->title, v->size_gb, v->growth_gb_day,
			  kept, v->end_gb);
		if (v->full_days < 0)
			term_addf(t, "never");
		else
			term_add(t, v->full_days < p->options->months * 30.4 ? STYLE_RED : STYLE_NONE, *v->full_date ? v->full_date : "in centuries");
		if (v->full_days >= 0)
			term_addf(t, " (%.0f days)", v->full_days);
		term_addf(t, v->env == SPEC_TENANT ? "  each tenant\n" : "\n");
	}
}

static void print_models(struct term *t, const struct plan *p)
{
	heading(t, "Models");
	for (uint32_t n = 0; n < p->models.len; n++) {
		const struct plan_model *m = &p->models.items[n];

		term_addf(t, "  %-22s %5.1f GB: weights %g (%s), cache %.1f for %g x %g tokens; specified %g%s\n", m->model->name, m->need_gb,
			  m->model->weights_gb, m->model->format, m->kv_gb, m->parallel, p->context, m->model->vram_gb,
			  m->env == SPEC_TENANT ? "; each tenant" : "");
	}
}

static void print_network(struct term *t, const struct plan *p)
{
	const struct spec_bandwidth *b = &p->spec.bandwidth[p->parts[0].env];

	heading(t, "Network");
	term_addf(t, "  internet %g Gbps (all models in %.1f minutes), inside %g Gbps; telemetry and memory write %.2f Mbit/s\n", b->internet_gbps,
		  p->download_minutes, b->internal_gbps, p->growth_mbit_second);
	for (unsigned n = 0; n < p->spec.port_count; n++) {
		const struct spec_port *port = &p->spec.ports[n];
		char range[16];

		if (!plan_has_port(p, port))
			continue;
		snprintf(range, sizeof(range), port->to > 0 ? "%g-%g" : "%g", port->port, port->to);
		term_addf(t, "  %-10s %s%s%s\n", range, port->text, *port->note ? "; " : "", port->note);
	}
	if (*p->spec.extra_ports)
		term_wrap(t, 2, STYLE_NONE, "further", 11, STYLE_NONE, p->spec.extra_ports);
	heading(t, "Who talks to whom");
	for (uint32_t n = 0; n < p->flows.len; n++) {
		const struct plan_flow *f = &p->flows.items[n];
		const bool same = n > 0 && str_eq(f->from, p->flows.items[n - 1].from) && str_eq(f->to, p->flows.items[n - 1].to);

		if (same)
			term_addf(t, ", %g", f->port);
		else
			term_addf(t, "%s  %s -> %s: %g", n ? "\n" : "", f->from, f->to, f->port);
	}
	term_addf(t, "\n");
}

static void print_totals(struct term *t, const struct plan *p)
{
	const struct plan_money *m = &p->money;

	heading(t, "In all");
	term_addf(t, "  %g nodes, %g cores, %g GB of memory, %g GB of volumes, GPUs: %g, about %.1f kW\n", p->nodes, p->cores, p->memory_gb,
		  p->storage_gb, p->gpus, p->watts / 1000);
	if (p->datastores > 0)
		term_addf(t, "  %g hosted control planes on %g datastores\n", p->parts[1].count, p->datastores);
	if (p->options->prices) {
		term_addf(t, "  a month: ");
		term_safe(t, STYLE_NONE, m->currency);
		term_addf(t, " %.2f (machines %.2f, volumes %.2f, GPUs %.2f, energy %.2f)\n", m->machines + m->storage + m->gpus + m->energy,
			  m->machines, m->storage, m->gpus, m->energy);
	}
}

static void print_issue(struct term *t, const struct issue *i, bool mended)
{
	const bool quiet = mended || i->accepted || i->kind == ISSUE_NOTE;

	term_addf(t, "\n");
	term_add(t,
		 quiet                            ? STYLE_DIM
		 : i->kind == ISSUE_CONTRADICTION ? STYLE_RED
						  : STYLE_YELLOW,
		 mended        ? "mended"
		 : i->accepted ? "accepted"
			       : issue_kind_text(i->kind));
	term_addf(t, " ");
	term_add(t, STYLE_CYAN, i->id);
	term_addf(t, "\n");
	term_wrap(t, 2, STYLE_NONE, "", 0, STYLE_NONE, i->title);
	if (mended)
		return;
	term_wrap(t, 4, STYLE_DIM, "because", 9, STYLE_NONE, i->why);
	for (unsigned n = 0; n < i->source_count; n++)
		term_wrap(t, 4, STYLE_DIM, n ? "and" : "in", 9, STYLE_NONE, i->sources[n]);
	if (*i->repair)
		term_wrap(t, 4, STYLE_DIM, "repair", 9, STYLE_NONE, i->repair);
}

static void print_repair(struct term *t, const struct plan *p)
{
	heading(t, "Repaired");
	for (uint32_t n = 0; n < p->repair.len; n++) {
		const struct spec_edit *e = p->repair.items[n].edit;

		if (e->number && e->from == e->to)
			continue;
		if (e->number)
			term_addf(t, "  %s: %g -> %g %s", e->what, e->from, e->to, e->unit);
		else
			term_addf(t, "  %s: %s%s%s", e->what, e->text_from, *e->text_from ? " -> " : "", e->text_to);
		term_addf(t, "  (");
		term_add(t, STYLE_CYAN, p->repair.items[n].issue->id);
		term_addf(t, ")\n");
	}
	term_addf(t, "  What is bought is worth %.0f cores, as specified %.0f.\n", p->repair.cost_after, p->repair.cost_before);
}

void plan_report_text(struct term *t, const struct plan *p)
{
	unsigned notes = 0, accepted = 0;

	term_add(t, STYLE_BOLD, p->title);
	term_addf(t, p->options->repair ? ", repaired\n" : "\n");
	for (unsigned n = 0; n < p->part_count; n++)
		print_part(t, &p->parts[n]);
	print_machines(t, p);
	print_volumes(t, p);
	print_models(t, p);
	print_network(t, p);
	print_totals(t, p);
	if (p->options->repair)
		print_repair(t, p);
	heading(t, "Audit");
	for (uint32_t n = 0; n < p->audit.issues.len; n++) {
		print_issue(t, p->audit.issues.items[n], false);
		accepted += p->audit.issues.items[n]->accepted;
		notes += p->audit.issues.items[n]->kind == ISSUE_NOTE && !p->audit.issues.items[n]->accepted;
	}
	term_addf(t, "\n");
	term_add(t, p->open ? STYLE_RED_BOLD : STYLE_GREEN, p->open ? "does not hold" : "holds");
	term_addf(t, ": %u open, %u mended, %u accepted, %u notes\n", p->open, p->answered.len, accepted, notes);
	if (p->open && !p->options->repair)
		term_addf(t, "`plan %s --repair` mends it at least cost; --accept ID keeps one as it is.\n", p->options->environment);
}
