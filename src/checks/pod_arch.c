/* Programs and images for another processor than the node's. */
#include "checks/pod.h"

static const char *arch_of(const struct object *node)
{
	return node ? value_str(value_at(node->status, "nodeInfo.architecture"), "") : "";
}

/* A ready pod with the same image on a node of another architecture: the proof that the image is for that one. */
static const struct object *well_elsewhere(struct check_run *run, const struct object *pod, const char *image, const char *arch)
{
	const struct object *owner = pod->owner;
	for (uint32_t i = 0; owner && i < owner->child_count; i++) {
		const struct object *other = owner->children[i];
		const struct object *node = inventory_find(run->inv, KIND_NODE, "", value_get_str(other->spec, "nodeName"));
		if (other->kind->id != KIND_POD || !*arch_of(node) || str_eq(arch_of(node), arch) ||
		    !str_eq(condition_status(other, "Ready"), "True"))
			continue;
		for (value_each(c, value_get(other->spec, "containers")))
			if (str_eq(value_get_str(c, "image"), image))
				return other;
	}
	return NULL;
}

bool pod_add_arch(struct check_run *run, struct finding *f, const struct pod_view *v, const struct container_view *c)
{
	const struct object_list *nodes = inventory_list(run->inv, KIND_NODE);
	const struct object *node = inventory_find(run->inv, KIND_NODE, "", v->node), *other = NULL;
	const char *arch = arch_of(node);
	if (!*arch)
		return false;
	for (uint32_t i = 0; i < nodes->len; i++) {
		if (!*arch_of(nodes->items[i]) || str_eq(arch_of(nodes->items[i]), arch))
			continue;
		other = other ? other : nodes->items[i];
	}
	const struct object *well = well_elsewhere(run, v->object, c->image, arch);
	f->message = arena_printf(run->arena, "%s (node %s is %s%s%s%s)", f->message, v->node, arch, well ? "; the same image runs as " : "",
				  well ? well->name : "",
				  well ? arena_printf(run->arena, " on a node that is %s",
						      arch_of(inventory_find(run->inv, KIND_NODE, "", value_get_str(well->spec, "nodeName"))))
				       : "");
	finding_field(run, f, node, "status.nodeInfo.architecture");
	if (well)
		finding_field(run, f, well, "spec.nodeName");
	if (other)
		finding_fix(run, f,
			    "Build image %s for %s too, or let its pods run only where it fits: nodeSelector kubernetes.io/arch: %s (as on "
			    "node %s).",
			    c->image, arch, arch_of(other), other->name);
	else
		finding_fix(run, f, "Build image %s for %s, which every node of the cluster is.", c->image, arch);
	return true;
}
