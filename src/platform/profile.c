/* provisional */
#include "platform/profile.h"
#include "base/near.h"
const char *const profile_ids[] = {"laptop-min",        "laptop-recommended", "server-min",         "server-recommended",
				   "kamaji-management", "worker-min",         "worker-recommended", NULL};
const char *const role_ids[] = {"jamie", "scarlet", "mongodb", NULL};
static const struct profile profiles[] = {
	{"laptop-min",
	 "the minimum laptop",
	 ENVIRONMENT_DEVELOPMENT,
	 {.cores = 12, .memory_gb = 64, .nvme_gb = 1000, .gpus = 1, .vram_gb = 8, .gpu_optional = true, .nic_gbps = 1, .wifi = true},
	 {.cores = 16, .memory_gb = 128, .nvme_gb = 2000, .vram_gb = 16, .gpus = 1, .nic_gbps = 1}},
	{"laptop-recommended",
	 "the recommended laptop",
	 ENVIRONMENT_DEVELOPMENT,
	 {.cores = 16, .memory_gb = 128, .nvme_gb = 2000, .vram_gb = 16, .gpus = 1, .nic_gbps = 1, .wifi = true},
	 {0}},
	{"server-min",
	 "the minimum server",
	 ENVIRONMENT_PRODUCTION,
	 {.cores = 24, .clock_ghz = 2.4, .memory_gb = 128, .ecc = true, .nvme_gb = 2000, .more_gb = 4000, .vram_gb = 12, .gpus = 1, .nic_gbps = 10},
	 {.cores = 48, .clock_ghz = 2.8, .memory_gb = 256, .ecc = true, .nvme_gb = 4000, .more_gb = 8000, .vram_gb = 24, .gpus = 1, .nic_gbps = 25}},
	{"server-recommended",
	 "the recommended server",
	 ENVIRONMENT_PRODUCTION,
	 {.cores = 48,
	  .clock_ghz = 2.8,
	  .memory_gb = 256,
	  .ecc = true,
	  .nvme_gb = 4000,
	  .more_gb = 8000,
	  .more_ssd = true,
	  .vram_gb = 24,
	  .gpus = 1,
	  .nic_gbps = 25},
	 {0}},
	{"kamaji-management",
	 "",
	 ENVIRONMENT_MANAGEMENT,
	 {.cores = 64,
	  .clock_ghz = 3,
	  .memory_gb = 512,
	  .ecc = true,
	  .nvme_gb = 8000,
	  .more_gb = 16000,
	  .more_ssd = true,
	  .vram_gb = 24,
	  .gpus = 2,
	  .nic_gbps = 50},
	 {0}},
	{"worker-min",
	 "",
	 ENVIRONMENT_TENANT,
	 {.cores = 24, .clock_ghz = 2.4, .memory_gb = 128, .ecc = true, .nvme_gb = 2000, .vram_gb = 8, .gpus = 1, .nic_gbps = 25},
	 {0}},
	{"worker-recommended",
	 "",
	 ENVIRONMENT_TENANT,
	 {.cores = 48, .clock_ghz = 2.8, .memory_gb = 256, .ecc = true, .nvme_gb = 4000, .vram_gb = 16, .gpus = 1, .nic_gbps = 50},
	 {0}},
};
int profile_read(struct ctx *ctx, const char *id, struct profile *ret, struct err *err)
{
	for (size_t i = 0; i < ARRAY_LEN(profiles); i++)
		if (str_eq(profiles[i].id, id)) {
			*ret = profiles[i];
			return 0;
		}
	return err_set(err, ERR_USAGE, "no profile");
}
int role_read(struct ctx *ctx, const char *id, struct role *ret, struct err *err)
{
	*ret = (struct role){
		id, id, {.cores = 4, .memory_gb = 16, .nvme_gb = 100, .vram_gb = 4, .gpus = 1, .iops = str_eq(id, "mongodb") ? 10000 : 0}, {0}};
	return 0;
}
int profile_tools(struct ctx *ctx, struct software_list *ret, struct err *err)
{
	static struct software s[] = {{"kubectl", "kubectl", NULL, false, false, NULL},
				      {"kind", "Kind", NULL, false, true, NULL},
				      {"docker", "Docker or Podman", NULL, false, false, NULL},
				      {"pulumi", "Pulumi", NULL, false, false, NULL},
				      {"go", "Go", "1.24", false, false, NULL},
				      {"ollama", "Ollama", NULL, false, false, "it may run in the cluster"},
				      {"python", "Python", "3.11", false, false, NULL},
				      {"mongodb", "MongoDB", "7.0", false, false, "it may run in the cluster"},
				      {"argocd", "Argo CD CLI", NULL, false, false, NULL},
				      {"helm", "Helm", "3.12", true, false, NULL},
				      {"linkerd", "Linkerd CLI", NULL, true, false, NULL},
				      {"clusterctl", "Cluster API", NULL, true, false, NULL}};
	*ret = (struct software_list){s, ARRAY_LEN(s), 0};
	return 0;
}
int profile_packages(struct ctx *ctx, struct software_list *ret, struct err *err)
{
	static struct software s[] = {{"fastapi", "FastAPI", "0.104", false, false, NULL}};
	*ret = (struct software_list){s, ARRAY_LEN(s), 0};
	return 0;
}
int profile_ports(struct ctx *ctx, struct port_list *ret, struct err *err)
{
	static struct port s[] = {
		{443, "HTTPS", true},         {80, "HTTP", true},      {8080, "alternative HTTP", true}, {6443, "Kubernetes API", true},
		{8132, "Konnectivity", true}, {11434, "Ollama", true}, {8000, "FastAPI", false},         {8001, "Jamie WebSocket", false},
		{27017, "MongoDB", false},    {6379, "Redis", false},  {9090, "Prometheus", false}};
	*ret = (struct port_list){s, ARRAY_LEN(s), 0};
	return 0;
}
int profile_systems(struct ctx *ctx, struct system_list *ret, struct err *err)
{
	static struct system_need s[] = {
		{"ubuntu", "22.04", false}, {"rhel", "9", false}, {"rocky", "9", false}, {"debian", "12", false}, {"macos", "13.0", true}};
	*ret = (struct system_list){s, ARRAY_LEN(s), 0};
	return 0;
}
int profile_cluster(struct ctx *ctx, enum environment e, struct cluster_need *ret, struct err *err)
{
	static const char *const sc[] = {"local-path", "hostpath", NULL}, *const none[] = {NULL};
	*ret = (struct cluster_need){"development", "1.32", 1, 4, 4, 8, sc, none, false, false, false, false};
	return 0;
}
