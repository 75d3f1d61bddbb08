/* Tokens that their makers gave a recognisable shape. */
#include "mask/mask_internal.h"

enum set { ALNUM, UPPER_DIGIT, B64URL, B64, HEX };
enum { STRICT = 1 /* capitals and digits demanded, and no word before: the prefix is also the beginning of names */ };

struct shape {
	const char *prefix;
	uint8_t set;
	uint16_t min, max; /* characters after the prefix; max 0 = any number */
	const char *kind;
	uint8_t flags;
};

/* Ordered by first byte. Shapes as documented by each maker, or as secret scanners' public lists have them. */
static const struct shape shapes[] = {
	{"AGE-SECRET-KEY-1", UPPER_DIGIT, 40, 0, "key", 0},
	{"AIza", B64URL, 35, 35, "google-key", 0},
	{"AKIA", UPPER_DIGIT, 16, 16, "aws-key", 0},
	{"ASIA", UPPER_DIGIT, 16, 16, "aws-key", 0},
	{"ATATT3", B64, 40, 0, "atlassian-token", 0},
	{"LS0tLS1CRUdJTi", B64, 40, 0, "private-key", 0}, /* base64 of -----BEGIN; certificates are let through below */
	{"SG.", B64URL, 20, 0, "sendgrid-key", STRICT},
	{"dckr_pat_", B64URL, 20, 0, "docker-token", 0},
	{"doo_v1_", HEX, 40, 0, "digitalocean-token", 0},
	{"dop_v1_", HEX, 40, 0, "digitalocean-token", 0},
	{"eyJhdXRocyI6", B64, 12, 0, "docker-auth", 0}, /* base64 of {"auths": */
	{"gho_", ALNUM, 30, 0, "github-token", 0},
	{"ghp_", ALNUM, 30, 0, "github-token", 0},
	{"ghr_", ALNUM, 30, 0, "github-token", 0},
	{"ghs_", ALNUM, 30, 0, "github-token", 0},
	{"ghu_", ALNUM, 30, 0, "github-token", 0},
	{"github_pat_", B64URL, 22, 0, "github-token", 0},
	{"glpat-", B64URL, 18, 0, "gitlab-token", 0},
	{"glrt-", B64URL, 18, 0, "gitlab-token", 0},
	{"glsa_", B64URL, 30, 0, "grafana-token", 0},
	{"gsk_", ALNUM, 30, 0, "api-key", 0},
	{"hf_", ALNUM, 30, 0, "huggingface-token", 0},
	{"hvb.", B64URL, 20, 0, "vault-token", 0},
	{"hvs.", B64URL, 20, 0, "vault-token", 0},
	{"lin_api_", ALNUM, 30, 0, "api-key", 0},
	{"npm_", ALNUM, 36, 0, "npm-token", 0},
	{"nvapi-", B64URL, 40, 0, "api-key", 0},
	{"pypi-", B64URL, 50, 0, "pypi-token", 0},
	{"rk_live_", ALNUM, 16, 0, "stripe-key", 0},
	{"rk_test_", ALNUM, 16, 0, "stripe-key", 0},
	{"shpat_", HEX, 32, 0, "api-key", 0},
	{"sk-", B64URL, 20, 0, "api-key", STRICT},
	{"sk_live_", ALNUM, 16, 0, "stripe-key", 0},
	{"sk_test_", ALNUM, 16, 0, "stripe-key", 0},
	{"whsec_", B64, 16, 0, "stripe-key", 0},
	{"xapp-", B64URL, 20, 0, "slack-token", 0},
	{"xoxa-", B64URL, 10, 0, "slack-token", 0},
	{"xoxb-", B64URL, 10, 0, "slack-token", 0},
	{"xoxe-", B64URL, 10, 0, "slack-token", 0},
	{"xoxp-", B64URL, 10, 0, "slack-token", 0},
	{"xoxr-", B64URL, 10, 0, "slack-token", 0},
	{"xoxs-", B64URL, 10, 0, "slack-token", 0},
	{"ya29.", B64URL, 20, 0, "google-token", 0},
};

const bool mask_token_first[256] = {
	['A'] = true, ['L'] = true, ['S'] = true, ['d'] = true, ['e'] = true, ['g'] = true, ['h'] = true, ['l'] = true,
	['n'] = true, ['p'] = true, ['r'] = true, ['s'] = true, ['w'] = true, ['x'] = true, ['y'] = true,
};

static bool in_set(enum set set, char c)
{
	switch (set) {
	case ALNUM:
		return char_is(c, CHAR_DIGIT | CHAR_UPPER | CHAR_LOWER);
	case UPPER_DIGIT:
		return char_is(c, CHAR_DIGIT | CHAR_UPPER);
	case B64URL:
		return char_is(c, CHAR_B64URL) || c == '.';
	case B64:
		return char_is(c, CHAR_B64 | CHAR_B64URL);
	case HEX:
		return char_is(c, CHAR_DIGIT) || (c >= 'a' && c <= 'f');
	}
	return false;
}

static size_t run_of(enum set set, const char *p, const char *end)
{
	const char *start = p;

	while (p < end && in_set(set, *p))
		p++;
	return (size_t)(p - start);
}

static bool is_mixed(const char *s, size_t len)
{
	bool digit = false, upper = false;

	for (size_t i = 0; i < len; i++) {
		digit |= char_is(s[i], CHAR_DIGIT);
		upper |= char_is(s[i], CHAR_UPPER);
	}
	return digit && upper;
}

/* header.payload[.signature], each base64url of JSON that begins with {" */
static size_t jwt_at(const char *p, const char *end)
{
	size_t total = 0;

	if (end - p < 20 || memcmp(p, "eyJ", 3) != 0)
		return 0;
	for (int part = 0; part < 3; part++) {
		size_t n = 0;

		while (p + total + n < end && char_is(p[total + n], CHAR_B64URL))
			n++;
		if (part < 2 && (n < 8 || memcmp(p + total, "ey", 2) != 0))
			return 0;
		total += n;
		if (part == 2 || p + total >= end || p[total] != '.')
			return part >= 1 ? total : 0;
		total++;
	}
	return total;
}

/* Certificates and public keys in base64 are no secrets: the word after -----BEGIN tells. */
static bool is_public_pem(const char *p, const char *end)
{
	static const char *const words[] = {"LS0tLS1CRUdJTiBDRVJU", "LS0tLS1CRUdJTiBQVUJMSU", "LS0tLS1CRUdJTiBUUlVTVE"};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if ((size_t)(end - p) >= strlen(words[i]) && memcmp(p, words[i], strlen(words[i])) == 0)
			return true;
	return false;
}

size_t mask_token_at(const char *p, const char *end, char before, const char **ret_kind)
{
	if (before && char_is(before, CHAR_WORD))
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(shapes); i++) {
		const struct shape *s = &shapes[i];
		size_t n, run;

		if (s->prefix[0] != p[0] || p + 1 >= end || s->prefix[1] != p[1])
			continue;
		n = strlen(s->prefix);
		if ((size_t)(end - p) < n || memcmp(p, s->prefix, n) != 0)
			continue;
		run = run_of((enum set)s->set, p + n, end);
		if (run < s->min || (s->max && run > s->max))
			continue;
		if ((s->flags & STRICT) && (!is_mixed(p + n, run) || (before && memchr("-./", before, 3))))
			continue;
		if (*p == 'L' && is_public_pem(p, end))
			return 0;
		*ret_kind = s->kind;
		/* A full stop may end the sentence rather than belong to the token. */
		while (run > s->min && p[n + run - 1] == '.')
			run--;
		return n + run;
	}
	*ret_kind = "jwt";
	return *p == 'e' ? jwt_at(p, end) : 0;
}
