/* Masking: what must go, and, as important, what must stay. */
#include "base/clock.h"
#include "format/json.h"
#include "mask/mask.h"
#include "unit.h"

static struct masker masker;
static struct arena arena;

static int setup(void **state)
{
	masker_init_fixed(&masker);
	arena_init(&arena);
	return 0;
}

static int teardown(void **state)
{
	arena_release(&arena);
	return 0;
}

static const char *masked(const char *text)
{
	struct masked_text t = mask_text(&masker, &arena, text, strlen(text));

	return t.text;
}

/* The parts after "keep:" must stay, the part between them must go. */
struct gone {
	const char *text, *secret, *kind;
};

static const struct gone gone[] = {
	{"-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\nabc=\n-----END RSA PRIVATE KEY-----\nafter", "MIIEpAIBAAKCAQEA", "private-key"},
	{"{\"k\":\"-----BEGIN PRIVATE KEY-----\\nMIIEpAIBAAKCAQEA\\n-----END PRIVATE KEY-----\\n\",\"x\":1}", "MIIEpAIBAAKCAQEA", "private-key"},
	{"-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA", "b3BlbnNzaC1rZXktdjEAAAAA", "private-key"},
	{"got eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZG1pbiJ9.c2lnbmF0dXJlMTIz from", "eyJhbGciOiJIUzI1NiJ9", "jwt"},
	{"AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLE", ""},
	{"aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "wJalrXUtnFEMI", ""},
	{"key AIzaSyA1234567890abcdefghijklmnopqrstuv used", "AIzaSyA1234567890", "google-key"},
	{"pushed with ghp_abcdefghijklmnopqrstuvwxyz0123456789 ok", "ghp_abcdefghijkl", "github-token"},
	{"xoxb-123456789012-abcdefGHIJ", "xoxb-123456789012", "slack-token"},
	{"using sk-proj-Ab3dEfGh1jKlMn0pQrStUvWx", "sk-proj-Ab3dEfGh1jKl", "api-key"},
	{"Authorization: Bearer abc.def-123456", "abc.def-123456", "auth"},
	{"> authorization: Basic dXNlcjpodW50ZXIy", "dXNlcjpodW50ZXIy", "auth"},
	{"sent header Bearer 0123456789abcdefABCDEF", "0123456789abcdefABCDEF", "auth"},
	{"proxy_set_header Authorization \"Basic YWRtaW46cGFzcw==\";", "YWRtaW46cGFzcw", "auth"},
	{"url: https://hooks.slack.com/services/T02AB3CDE/B04FG5HIJ/a1B2c3D4e5F6", "a1B2c3D4e5F6", "webhook"},
	{"SECRET_KEY='django-insecure-abc123$%^'", "django-insecure", "secret"},
	{"curl -u admin:hunter2 https://x", "hunter2", "password"},
	{"user: admin pass: hunter2", "hunter2", "secret"},
	{"Cookie: session=abc123; theme=dark", "session=abc123; theme=dark", "cookie"},
	{"password=hunter2", "hunter2", "secret"},
	{"connect failed: password=hunter, user=bob", "hunter", "secret"},
	{"--db-password=hunter2 --verbose", "hunter2", "secret"},
	{"sh -c 'migrate --db-password hunter2 && exec app'", "hunter2", "secret"},
	{"{\"password\":\"hunter2\"}", "hunter2", "secret"},
	{"{\"log\":\"{\\\"password\\\":\\\"hunter2\\\"}\"}", "hunter2", "secret"},
	{"{\"password\":\"a\\\"hunter2\"}", "hunter2", "secret"},
	{"db:\n  password: hunter\n  port: 5432\n", "hunter", "secret"},
	{"  - clientSecret: 'q w e r t'\n", "q w e r t", "secret"},
	{"DB_PASS=p@ssw0rd", "p@ssw0rd", "secret"},
	{"postgres://app:hunter2@db.shop:5432/app", "hunter2", "password"},
	{"redis://:hunter2@cache:6379", "hunter2", "password"},
	{"dial app:hunter2@tcp(db:3306)/app", "hunter2", "password"},
	{"Server=db;User Id=sa;Password=Hunter2!;Encrypt=true", "Hunter2!", "secret"},
	{"AccountName=x;AccountKey=abcd1234EFGH5678ijkl9012MNOP==;Suffix=y", "abcd1234EFGH5678", "secret"},
	{"client-key-data: LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVktLS0tLQpNSUlFcEFJQkFBS0NBUUVB", "LS0tLS1CRUdJTiBSU0Eg", ""},
	{"{\"auths\":{\"r.io\":{\"auth\":\"dXNlcjpIdW50ZXIyIQ1234==\"}}}", "dXNlcjpIdW50ZXIyIQ", ""},
	{".dockerconfigjson: eyJhdXRocyI6eyJyLmlvIjp7ImF1dGgiOiJkWE5sIn19fQ==", "eyJhdXRocyI6eyJyLmlv", "docker-auth"},
	{"mail to jane.doe+x@example.co.uk today", "jane.doe+x@example.co.uk", "email"},
	{"GET /x?token=abc123&y=1", "abc123", "secret"},
	{"invalid token: Zm9vYmFyMTIz is expired", "Zm9vYmFyMTIz", "secret"},
	{"access_token: 'ya29.a0AfH6SMBx1234567890'", "ya29.a0AfH6SMBx", ""},
	{"[{\"name\":\"DB_PASSWORD\",\"value\":\"hunter2\"}]", "hunter2", "secret"},
	{"{\"a\":\"[{\\\"name\\\":\\\"API_TOKEN\\\",\\\"value\\\":\\\"hunter2\\\"}]\"}", "hunter2", "secret"},
	{"env:\n- name: DB_PASSWORD\n  value: hunter\n", "hunter", "secret"},
	{"<property name=\"password\" value=\"hunter\"/>", "hunter", "secret"},
	{"<users><password>hunter</password></users>", "hunter", "secret"},
	{"port 1\nrequirepass hunter\n", "hunter", "password"},
	{"redis-cli -h cache -a hunter ping", "hunter", "password"},
	{"mysqladmin ping -uroot -phunter", "hunter", "password"},
	{"USERPASS=hunter", "hunter", "secret"},
	{"REDISCLI_AUTH=hunter", "hunter", "secret"},
	{"X-Api-Key: 3f786850e387550fdab836ed7e6dc881", "3f786850e387550fdab836ed7e6dc881", ""},
};

static void test_secrets_go(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(gone); i++) {
		const char *t = masked(gone[i].text);
		char kind[64];

		snprintf(kind, sizeof(kind), "\xc2\xabmasked:%s", gone[i].kind);
		if (strstr(t, gone[i].secret))
			fail_msg("still there: %s", t);
		if (!strstr(t, kind))
			fail_msg("no %s in: %s", kind, t);
	}
}

static const char *const stays[] = {
	"docker.io/library/nginx@sha256:0d17b565c37bcbd895e9d92315a05c1c3c9a29f762b011a10c54a66cd53c9b31",
	"registry.example.com/shop/web:v1.2.3@sha256:0d17b565c37bcbd895e9d92315a05c1c3c9a29f762b011a10c54a66cd53c9b31",
	"uid: 6f1c7c6e-0f4b-4a53-9d3f-2f0c6b8f1e11",
	"pod checkout-7d9f8b6c5-x2x4z on node ip-10-0-3-17.eu-west-1.compute.internal",
	"2026-11-23T15:04:05.123456Z level=info msg=\"started\" port=8080",
	"MountVolume.SetUp failed for volume \"db-password\" : secret \"db-password\" not found",
	"secretName: db-credentials",
	"imagePullSecrets: [{name: regcred}]",
	"existingSecret: db-credentials",
	"serviceAccountToken: {expirationSeconds: 3607}",
	"automountServiceAccountToken: false",
	"Error: secret \"db\" not found",
	"error validating token: expired",
	"invalid password: authentication failed for user bob",
	"Error: couldn't find key password in Secret shop/db",
	"TOKEN_FILE=/var/run/secrets/kubernetes.io/serviceaccount/token",
	"SSL_KEY=/etc/tls/private/server.key",
	"MAX_TOKENS=4096",
	"PASSWORD=$(DB_PASSWORD)",
	"password: ${DB_PASSWORD}",
	"{\"password\":null,\"token\":\"\"}",
	"password=****",
	"http://user@host/path and http://host:8080/a:b@c",
	"git clone git@github.com:org/repo.git",
	"getty@tty1.service: Succeeded",
	"npm install foo@1.2.3",
	"-----BEGIN CERTIFICATE-----\nMIIDdzCCAl+gAwIBAgIEAgAAuTANBgkqhkiG9w0BAQUFADBa\n-----END CERTIFICATE-----\n",
	"certificate-authority-data: LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSURkekNDQWwrZ0F3SUJBZ0lFQWdBQXVU",
	"Back-off restarting failed container app in pod web-1_shop(6f1c7c6e-0f4b-4a53-9d3f-2f0c6b8f1e11)",
	"0/3 nodes are available: 1 node(s) had untolerated taint {node.kubernetes.io/not-ready: }, 2 Insufficient cpu.",
	"Readiness probe failed: Get \"http://10.0.0.1:8080/healthz\": dial tcp 10.0.0.1:8080: connect: connection refused",
	"panic: runtime error: invalid memory address or nil pointer dereference [signal SIGSEGV: segmentation violation code=0x1]",
	"{\"name\":\"MODE\",\"value\":\"prod\"},{\"name\":\"TOKEN_FILE\",\"value\":\"web\"}",
	"- name: db-password\n  mountPath: /run/db\n  value: prod\n",
	"<name>password</name> <a href=\"x\">token</a>",
	"bypass=on; docker run -p 80:80 redis -a x",
	"the flag --token is required, see --token-file /etc/x and --password-hash-cost 12",
	"docker run -u 1000:1000 app; Basic authentication is required; cookie: accepted",
	"checksum/secret: 5f4dcc3b5aa765d61d8327deb882cf99a1b2c3d4e5f60718293a4b5c6d7e8f90",
	"passwordFrom: secretRef",
	"Keyboard: us; monkey: yes; author: tolkien",
	"sk-the-very-long-name-of-a-service-account",
	"pod-template-hash=7d9f8b6c5",
	"tokens per second: 12; token bucket size: 100",
	"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGx",
};

static void test_the_rest_stays(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(stays); i++) {
		const char *t = masked(stays[i]);

		if (strcmp(t, stays[i]) != 0)
			fail_msg("changed: %s\n     to: %s", stays[i], t);
	}
}

static void test_equal_secrets_stay_equal(void **state)
{
	const char *a = masked("password=hunter2"), *b = masked("postgres://x:hunter2@db"), *c = masked("password=hunter3");
	const char *hash_a = strrchr(a, ':'), *hash_b = strchr(strstr(b, "masked:password:"), 'd');
	struct masker other;

	assert_true(strncmp(strstr(b, "password:") + 9, hash_a + 1, 8) == 0);
	assert_non_null(hash_b);
	assert_string_not_equal(a, c);
	/* What is masked stays as it is: a snapshot of a snapshot is the same. */
	assert_string_equal(masked(a), a);
	assert_int_equal(masker_init(&other, NULL), 0);
	assert_string_not_equal(mask_text(&other, &arena, "password=hunter2", 16).text, a);
}

static void test_nothing_found_costs_nothing(void **state)
{
	const char *text = "all is well";

	assert_ptr_equal(masked(text), text);
}

static void test_names(void **state)
{
	static const char *const strong[] = {"PASSWORD",     "db.password",  "DB_PASSWORD_PROD",    "apiKey",
					     "clientSecret", "GITHUB_TOKEN", "redisPassword",       "PGPASSWORD",
					     "--api-token",  "X-Auth-Token", "AZURE_CLIENT_SECRET", "aws_secret_access_key"};
	static const char *const weak[] = {"KEY", "SESSION_KEY", "secretKey", "AUTH", "HTTP_COOKIE"};
	static const char *const plain[] = {"HOME",
					    "secretName",
					    "TOKEN_FILE",
					    "imagePullSecrets",
					    "PASSWORD_MIN_LENGTH",
					    "monkey_business",
					    "author",
					    "keyboard",
					    "tokenExpirationSeconds",
					    "existingSecret",
					    "API_KEY_HEADER",
					    "bypass",
					    "POD_NAME"};

	for (size_t i = 0; i < ARRAY_LEN(strong); i++)
		if (mask_classify_name(strong[i], strlen(strong[i])) != MASK_NAME_STRONG)
			fail_msg("not strong: %s", strong[i]);
	for (size_t i = 0; i < ARRAY_LEN(weak); i++)
		if (mask_classify_name(weak[i], strlen(weak[i])) != MASK_NAME_WEAK)
			fail_msg("not weak: %s", weak[i]);
	for (size_t i = 0; i < ARRAY_LEN(plain); i++)
		if (mask_classify_name(plain[i], strlen(plain[i])) != MASK_NAME_PLAIN)
			fail_msg("not plain: %s", plain[i]);
}

static char *masked_object(const char *kind, bool custom, const char *json)
{
	struct value_builder b;
	struct value v, m;
	struct strbuf out;
	struct json_writer w;
	char *text;

	value_builder_init(&b, &arena, NULL);
	assert_int_equal(json_parse(&b, json, strlen(json), NULL, &v, NULL), 0);
	m = mask_object(&masker, &arena, kind, custom, &v);
	strbuf_init(&out, STRBUF_MAX_LINE);
	json_writer_init(&w, &out, 0);
	json_value(&w, &m, true);
	text = arena_strndup(&arena, out.buf, out.len);
	strbuf_release(&out);
	return text;
}

static void test_objects(void **state)
{
	const char *t = masked_object(
		"Pod", false,
		"{\"metadata\":{\"name\":\"web\",\"annotations\":{\"acme.io/token\":\"zzz1\",\"note\":\"fine\"}},\"spec\":{\"containers\":[{"
		"\"env\":[{\"name\":\"DB_PASSWORD\",\"value\":\"zzz2\"},{\"name\":\"MODE\",\"value\":\"prod\"},"
		"{\"name\":\"X\",\"valueFrom\":{\"secretKeyRef\":{\"name\":\"db\",\"key\":\"password\"}}}],"
		"\"args\":[\"--password\",\"zzz3\",\"--user\",\"bob\",\"--token=zzz4\"]}]}}");

	assert_null(strstr(t, "zzz"));
	assert_non_null(strstr(t, "\"prod\""));
	assert_non_null(strstr(t, "\"fine\""));
	assert_non_null(strstr(t, "\"bob\""));
	assert_non_null(strstr(t, "{\"key\":\"password\",\"name\":\"db\"}"));
	t = masked_object("ConfigMap", false, "{\"data\":{\"password\":\"zzz1\",\"app.properties\":\"db.password=zzz2\\nmode=prod\\n\"}}");
	assert_null(strstr(t, "zzz"));
	assert_non_null(strstr(t, "mode=prod"));
	t = masked_object(
		"Thing", true,
		"{\"spec\":{\"apiKey\":\"zzz1\",\"tlsSecret\":\"web-tls\",\"passwordSecretRef\":{\"name\":\"db\",\"key\":\"pw\"},\"replicas\":3}}");
	assert_null(strstr(t, "zzz"));
	assert_non_null(strstr(t, "\"replicas\":3"));
	assert_non_null(strstr(t, "\"pw\""));
	assert_non_null(strstr(t, "\"web-tls\""));
	t = masked_object(
		"Pod", false,
		"{\"spec\":{\"containers\":[{\"command\":[\"redis-cli\",\"-a\",\"zzz1\",\"ping\"]},{\"command\":[\"mysqladmin\",\"-pzzz2\",\"ping\"]},"
		"{\"args\":[\"--requirepass\",\"zzz3\"]}]}}");
	assert_null(strstr(t, "zzz"));
	assert_non_null(strstr(t, "ping"));
	/* A Secret carried by another object. */
	t = masked_object(
		"ManifestWork", true,
		"{\"spec\":{\"manifests\":[{\"kind\":\"Secret\",\"metadata\":{\"name\":\"db\"},\"data\":{\"foo\":\"zzz1\"},\"stringData\":{\"a\":\"zzz2\"}}]}}");
	assert_null(strstr(t, "zzz"));
	assert_non_null(strstr(t, "\"db\""));
	/* What Helm notes about a Secret tells whether it changed, and nothing else. */
	t = masked_object("Pod", false, "{\"metadata\":{\"annotations\":{\"checksum/secret\":\"5f4dcc3b5aa765d61d8327deb882cf99\"}}}");
	assert_non_null(strstr(t, "5f4dcc3b"));
}

/* Of this process, so that a busy machine does not count. */
static usec_t cpu_time(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (usec_t)t.tv_sec * USEC_PER_SEC + t.tv_nsec / 1000;
}

/* Inputs that make backtracking matchers slow. Milliseconds each; the limit leaves room for sanitizers. */
static void test_no_input_is_slow(void **state)
{
	static const char *const units[] = {
		"password=",       "key=", "a@",           "://a:", "-----BEGIN PRIVATE KEY-----", "eyJ", "\\\"token\\\":\\\"", "token: ", "Bearer ",
		"\xc2\xabmasked:", "ghp_", "a.b-c@d.e-f.", "sk-A1"};
	size_t size = (size_t)256 << 10;

	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		struct strbuf text;
		usec_t start;

		strbuf_init(&text, 2 * size);
		while (text.len < size)
			strbuf_addstr(&text, units[i]);
		start = cpu_time();
		(void)mask_text(&masker, &arena, text.buf, text.len);
		if (cpu_time() - start > 5 * USEC_PER_SEC)
			fail_msg("%s: %lld ms", units[i], (long long)(cpu_time() - start) / 1000);
		strbuf_release(&text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_secrets_go),
		cmocka_unit_test(test_the_rest_stays),
		cmocka_unit_test(test_equal_secrets_stay_equal),
		cmocka_unit_test(test_nothing_found_costs_nothing),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_objects),
		cmocka_unit_test(test_no_input_is_slow),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
