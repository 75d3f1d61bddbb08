/* Finding secrets in free text: one pass that stops at the few bytes which can begin or announce one.
 *
 * Words are passed over whole, after a look at whether a known token begins there. '=' and ':' look back at the name before them (at
 * most NAME_MAX bytes) and judge the value behind; "://" looks for a password in the address; '@' for an e-mail address or the password of
 * a data source name; '>' at the value of an XML element; "-----BEGIN" for a private key. The name of {"name": "DB_PASSWORD", "value": ...}
 * is remembered for the value beside it. Looking ahead is bounded (VALUE_MAX) unless what was looked at is then
 * replaced and passed, so that the work stays linear in the text. */
#include "mask/mask_internal.h"

#define NAME_MAX_LEN 64
#define VALUE_MAX 4096
#define WEAK_MAX 256 /* of a value that is only masked when it looks random: more of it would not tell more */
#define ADDRESS_MAX 512
#define CACHE 64
#define PASSES_MAX 8

struct scan {
	const struct masker *m;
	const char *text, *end;
	const char *flushed; /* everything before is in out */
	const char *floor;   /* where looking back ends: the end of what was last masked, now or before */
	struct strbuf *out;  /* NULL until the first thing is found */
	struct strbuf storage;
	/* Behind the value of the last "name:", and what that value promises of a "value:" beside it. */
	const char *told_end;
	enum mask_name told;
	/* Names repeat from line to line: what they were found to be. */
	struct {
		const char *name; /* in text */
		uint8_t len, class;
	} known[CACHE];
};

static void replace(struct scan *s, const char *from, size_t len, const char *kind)
{
	if (!s->out) {
		s->out = &s->storage;
		strbuf_init(s->out, SIZE_MAX / 2);
	}
	strbuf_add(s->out, s->flushed, (size_t)(from - s->flushed));
	mask_add(s->m, s->out, kind, from, len);
	s->flushed = s->floor = from + len;
}

static bool at(const struct scan *s, const char *p, const char *text)
{
	size_t n = strlen(text);

	return (size_t)(s->end - p) >= n && memcmp(p, text, n) == 0;
}

static bool equals_fold(const char *s, size_t len, const char *lower)
{
	if (strlen(lower) != len)
		return false;
	for (size_t i = 0; i < len; i++)
		if ((char_is(s[i], CHAR_UPPER) ? (s[i] | 0x20) : s[i]) != lower[i])
			return false;
	return true;
}

static bool has_one_of(const char *s, size_t len, int what, char other)
{
	for (size_t i = 0; i < len; i++)
		if (char_is(s[i], what) || s[i] == other)
			return true;
	return false;
}

/* --- private keys --------------------------------------------------------------------------------------------------------------- */

/* Behind the body: base64 with line ends (also escaped ones) and headers, up to and with the END mark. A key that was cut off ends where
 * something else begins. */
static const char *pem_end(const struct scan *s, const char *p)
{
	while (p < s->end && !at(s, p, "--") && (char_is(*p, CHAR_B64 | CHAR_B64URL | CHAR_SPACE) || memchr("\\:,", *p, 3)))
		p++;
	if (!at(s, p, "-----END "))
		return p;
	p += strlen("-----END ");
	while (p < s->end && *p != '-' && *p != '\n')
		p++;
	while (p < s->end && *p == '-')
		p++;
	return p;
}

/* p stands on "-----BEGIN ". Returns where to go on. */
static const char *scan_pem(struct scan *s, const char *p)
{
	const char *label, *stop;

	label = stop = p + strlen("-----BEGIN ");
	while (stop < s->end && stop - label < NAME_MAX_LEN && (char_is(*stop, CHAR_UPPER | CHAR_DIGIT) || *stop == ' '))
		stop++;
	if (!memmem(label, (size_t)(stop - label), "PRIVATE KEY", 11))
		return label; /* not stop: what was masked before may lie in between */
	stop = pem_end(s, stop + (at(s, stop, "-----") ? 5 : 0));
	replace(s, p, (size_t)(stop - p), "private-key");
	return stop;
}

/* --- addresses ------------------------------------------------------------------------------------------------------------------ */

/* Web hooks whose address is the secret: what follows these. */
static size_t hook_prefix(const struct scan *s, const char *p)
{
	static const char *const hooks[] = {"hooks.slack.com/services/", "hooks.slack.com/workflows/", "discord.com/api/webhooks/",
					    "discordapp.com/api/webhooks/", "api.telegram.org/bot"};

	for (size_t i = 0; i < ARRAY_LEN(hooks); i++)
		if (at(s, p, hooks[i]))
			return strlen(hooks[i]);
	return 0;
}

static bool ends_address(char c)
{
	return char_is(c, CHAR_SPACE) || memchr("\"'<>`\\,)", c, 9);
}

/* scheme://user:password@host, p on the ':'. Returns where to go on. */
static const char *scan_url(struct scan *s, const char *p)
{
	const char *start = p + 3, *stop = start, *at_sign = NULL, *colon = NULL, *secret;
	size_t hook = hook_prefix(s, start);

	if (hook) {
		for (secret = stop = start + hook; stop < s->end && stop - start < ADDRESS_MAX && !ends_address(*stop); stop++)
			;
		if (stop - secret >= 16 && !at(s, secret, MASK_OPEN))
			replace(s, secret, (size_t)(stop - secret), "webhook");
		return stop;
	}
	while (stop < s->end && stop - start < ADDRESS_MAX && !char_is(*stop, CHAR_SPACE) && !memchr("/?#\"'<>`\\,", *stop, 11) &&
	       !at(s, stop, MASK_OPEN)) {
		if (*stop == '@')
			at_sign = stop;
		else if (*stop == ':' && !colon)
			colon = stop;
		stop++;
	}
	if (!at_sign)
		return start;
	secret = colon && colon < at_sign ? colon + 1 : start;
	/* Without a colon it is a user name, or a token in its place. */
	if (mask_value_is_harmless(secret, (size_t)(at_sign - secret)) ||
	    (secret == start && !mask_value_is_random(start, (size_t)(at_sign - start))))
		return start;
	replace(s, secret, (size_t)(at_sign - secret), "password");
	return at_sign + 1;
}

/* user:password@tcp(host:3306)/db */
static const char *scan_dsn(struct scan *s, const char *p)
{
	const char *q = p;

	while (q > s->floor && p - q < 256 && !char_is(q[-1], CHAR_SPACE) && q[-1] != ':' && q[-1] != '"' && q[-1] != '\'')
		q--;
	if (q > s->floor && q[-1] == ':' && !at(s, q, "//") && !mask_value_is_harmless(q, (size_t)(p - q)))
		replace(s, q, (size_t)(p - q), "password");
	return p + 1;
}

/* Ends of systemd unit names and the like, which look like top-level domains. */
static bool is_domain_end(const char *s, size_t len)
{
	static const char *const units[] = {"service", "socket", "target", "timer", "mount", "slice", "scope", "device", "path", "json", "yaml"};

	if (len < 2)
		return false;
	for (size_t i = 0; i < len; i++)
		if (!char_is(s[i], CHAR_UPPER | CHAR_LOWER))
			return false;
	for (size_t i = 0; i < ARRAY_LEN(units); i++)
		if (equals_fold(s, len, units[i]))
			return false;
	return true;
}

/* p on the '@'. */
static const char *scan_at(struct scan *s, const char *p)
{
	const char *local = p, *domain = p + 1, *dot = NULL, *stop = domain;

	if (at(s, domain, "tcp(") || at(s, domain, "unix("))
		return scan_dsn(s, p);
	while (local > s->floor && p - local < NAME_MAX_LEN && (char_is(local[-1], CHAR_NAME) || local[-1] == '+' || local[-1] == '%'))
		local--;
	while (local < p && (*local == '.' || *local == '-'))
		local++;
	while (stop < s->end && stop - domain < 253 && (char_is(*stop, CHAR_NAME)) && *stop != '_') {
		if (*stop == '.' && stop + 1 < s->end && char_is(stop[1], CHAR_WORD))
			dot = stop;
		stop++;
	}
	while (stop > domain && (stop[-1] == '.' || stop[-1] == '-'))
		stop--;
	if (local == p || !dot || dot == domain || !is_domain_end(dot + 1, (size_t)(stop - dot - 1)) ||
	    equals_fold(local, (size_t)(p - local), "git"))
		return p + 1;
	replace(s, local, (size_t)(stop - local), "email");
	return stop;
}

/* --- name = value --------------------------------------------------------------------------------------------------------------- */

struct pair {
	const char *name;
	size_t name_len;
	bool line_start; /* nothing but indentation, '-' and quotes before the name */
	bool equals;     /* '=', not ':' */
	bool quoted;
	const char *value;
	size_t value_len;
};

/* The name that ends before the separator at p: word, "word" or \"word\". */
static bool name_before(const struct scan *s, const char *p, struct pair *pair)
{
	const char *stop = p, *start;

	while (stop > s->floor && p - stop < 2 && stop[-1] == ' ')
		stop--;
	if (stop > s->floor && (stop[-1] == '"' || stop[-1] == '\''))
		stop--;
	while (stop > s->floor && stop[-1] == '\\')
		stop--;
	start = stop;
	while (start > s->floor && stop - start < NAME_MAX_LEN && char_is(start[-1], CHAR_NAME))
		start--;
	pair->name = start;
	pair->name_len = (size_t)(stop - start);
	while (start > s->floor && p - start < 2 * NAME_MAX_LEN && memchr(" \t-\"'\\", start[-1], 6))
		start--;
	pair->line_start = start == s->floor || start[-1] == '\n' || (start[-1] == 'n' && start - 1 > s->floor && start[-2] == '\\');
	return pair->name_len >= 2;
}

/* Finds the value behind the separator. False when there is none on this line. */
static bool value_after(const struct scan *s, const char *p, ptrdiff_t max, struct pair *pair)
{
	const char *stop;
	unsigned slashes = 0;
	char quote;

	while (p < s->end && (*p == ' ' || *p == '\t'))
		p++;
	while (p < s->end && *p == '\\') {
		slashes++;
		p++;
	}
	quote = p < s->end && (*p == '"' || *p == '\'') ? *p : 0;
	p = quote ? p + 1 : p - slashes;
	if (!quote && p < s->end && (*p == '{' || *p == '['))
		return false; /* a structure: what is in it is looked at on its own */
	pair->quoted = quote != 0;
	pair->value = p;
	for (stop = p; stop < s->end && stop - p < max && *stop != '\n'; stop++) {
		if (quote && *stop == '\\' && !slashes && stop + 1 < s->end)
			stop++; /* an escaped quote does not end it */
		else if (quote ? *stop == quote : char_is(*stop, CHAR_SPACE) || memchr(",;&\"'<>)}]`\\", *stop, 12))
			break;
	}
	if (stop > s->end)
		stop = s->end;
	while (quote && slashes && stop > p && stop[-1] == '\\')
		stop--;
	pair->value_len = (size_t)(stop - p);
	return pair->value_len > 0;
}

/* Whether other words follow the value on its line: then "token: expired" is a sentence. */
static bool words_follow(const struct scan *s, const struct pair *pair)
{
	const char *p = pair->value + pair->value_len;

	while (p < s->end && (*p == ' ' || *p == '\t'))
		p++;
	return p < s->end && p > pair->value + pair->value_len && (char_is(*p, CHAR_WORD) || *p == '"' || *p == '\'' || at(s, p, MASK_OPEN));
}

/* In "name: value" without quotes the value may as well be a word of a sentence about the thing. */
static bool is_prose(const struct scan *s, const struct pair *pair)
{
	bool is_password = memmem(pair->name, pair->name_len, "ass", 3) || memmem(pair->name, pair->name_len, "ASS", 3);

	if (pair->equals || pair->quoted)
		return false;
	if (!pair->line_start || words_follow(s, pair))
		return mask_value_is_plain(pair->value, pair->value_len, !is_password);
	return false;
}

static bool skip_scheme(struct pair *pair, const struct scan *s)
{
	static const char *const schemes[] = {"bearer", "basic", "token", "digest", "apikey", "negotiate"};

	for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
		size_t n = strlen(schemes[i]);

		if (pair->value_len < n || !equals_fold(pair->value, n, schemes[i]))
			continue;
		const char *p = pair->value + n;
		if (p >= s->end || *p != ' ')
			continue;
		p++;
		pair->value_len = pair->value_len > n ? pair->value_len - n - 1 : 0;
		pair->value = p;
		while (!pair->quoted && p + pair->value_len < s->end && pair->value_len < VALUE_MAX && !char_is(p[pair->value_len], CHAR_SPACE) &&
		       !memchr("\"'\\,<>", p[pair->value_len], 6))
			pair->value_len++;
		return true;
	}
	return false;
}

static enum mask_name class_of(struct scan *s, const char *name, size_t len)
{
	unsigned at = ((unsigned)len * 31 + (unsigned char)name[0] * 7 + (unsigned char)name[len / 2] * 3 + (unsigned char)name[len - 1]) % CACHE;

	if (!s->known[at].name || s->known[at].len != len || memcmp(s->known[at].name, name, len) != 0) {
		s->known[at].name = name;
		s->known[at].len = (uint8_t)len;
		s->known[at].class = (uint8_t)mask_classify_name(name, len);
	}
	return (enum mask_name)s->known[at].class;
}

/* Remembers what {"name": "DB_PASSWORD" ... promises. */
static void remember_name(struct scan *s, const char *p, struct pair *pair)
{
	s->told_end = NULL;
	if (!value_after(s, p + 1, NAME_MAX_LEN, pair))
		return;
	s->told = class_of(s, pair->value, pair->value_len);
	s->told_end = pair->value + pair->value_len;
}

/* Is nothing but punctuation between the last "name: X" and this "value"? */
static bool is_told(const struct scan *s, const char *name)
{
	if (!s->told_end || name < s->told_end || name - s->told_end > NAME_MAX_LEN)
		return false;
	for (const char *p = s->told_end; p < name; p++) {
		bool line_end = (*p == 'n' || *p == 'r') && p > s->told_end && p[-1] == '\\'; /* an escaped one */

		if (!char_is(*p, CHAR_SPACE) && !memchr("\"',\\", *p, 4) && !line_end)
			return false;
	}
	return true;
}

static enum mask_name pair_class(struct scan *s, const char *p, struct pair *pair)
{
	if (equals_fold(pair->name, pair->name_len, "value") && is_told(s, pair->name))
		return s->told;
	if (equals_fold(pair->name, pair->name_len, "name") || equals_fold(pair->name, pair->name_len, "key"))
		remember_name(s, p, &(struct pair){0});
	return class_of(s, pair->name, pair->name_len);
}

/* <password>hunter2</password>, p on the '>'. */
static const char *scan_element(struct scan *s, const char *p)
{
	const char *name = p, *value = p + 1, *stop;

	while (name > s->floor && p - name < NAME_MAX_LEN && char_is(name[-1], CHAR_NAME))
		name--;
	if (p - name < 2 || name == s->floor || name[-1] != '<')
		return value;
	enum mask_name class = class_of(s, name, (size_t)(p - name));
	if (class == MASK_NAME_PLAIN)
		return value;
	for (stop = value; stop < s->end && stop - value < VALUE_MAX && *stop != '<'; stop++)
		;
	if (!at(s, stop, "</") || !mask_value_is_secret(class, value, (size_t)(stop - value)))
		return value;
	replace(s, value, (size_t)(stop - value), class == MASK_NAME_STRONG ? "secret" : "key");
	return stop;
}

/* "redis-cli -a hunter2", "mysql -phunter2", "sshpass -p hunter2": p stands on the hyphen. */
static const char *scan_short_flag(struct scan *s, const char *p)
{
	const char *from = p, *value = p + 2, *stop;

	if (p == s->floor || !memchr(" \t\"'", p[-1], 4) || value >= s->end || (p[1] != 'a' && p[1] != 'p'))
		return p + 1;
	while (from > s->floor && p - from < 2 * NAME_MAX_LEN && !memchr("\n;|&", from[-1], 4))
		from--;
	if (!mask_flag_takes_secret(from, (size_t)(p - from), p, 2, *value != ' '))
		return p + 1;
	value += *value == ' ';
	for (stop = value; stop < s->end && stop - value < ADDRESS_MAX && !char_is(*stop, CHAR_SPACE) && !memchr("\"'`;|&)\\", *stop, 8); stop++)
		;
	if (stop == value || *value == '-' || *value == '$' || mask_value_is_harmless(value, (size_t)(stop - value)))
		return p + 1;
	replace(s, value, (size_t)(stop - value), "password");
	return stop;
}

/* "requirepass hunter2" on a line of redis.conf: word is what was passed over, p stands behind it. */
static const char *scan_directive(struct scan *s, const char *word, const char *p)
{
	const char *value = p + 1, *stop = value;
	bool known = equals_fold(word, (size_t)(p - word), "requirepass") || equals_fold(word, (size_t)(p - word), "masterauth");
	bool line_start = word == s->text || word[-1] == '\n' || (word[-1] == 'n' && word - 1 > s->text && word[-2] == '\\');

	if (!known || !line_start || p >= s->end || *p != ' ')
		return p;
	while (stop < s->end && stop - value < ADDRESS_MAX && !char_is(*stop, CHAR_SPACE) && *stop != '\\')
		stop++;
	if (mask_value_is_harmless(value, (size_t)(stop - value)))
		return p;
	replace(s, value, (size_t)(stop - value), "password");
	return stop;
}

/* "-u user:password", "--user user:password": p stands on the space. Numbers are ids of users and groups. */
static const char *scan_user(struct scan *s, const char *p)
{
	const char *value = p + 1, *colon = NULL, *stop = value;

	while (stop < s->end && stop - value < ADDRESS_MAX && !char_is(*stop, CHAR_SPACE) && !memchr("\"'`;|&/\\", *stop, 8)) {
		if (*stop == ':' && !colon)
			colon = stop;
		stop++;
	}
	if (!colon || colon == value || mask_value_is_harmless(colon + 1, (size_t)(stop - colon - 1)) ||
	    !has_one_of(colon + 1, (size_t)(stop - colon - 1), CHAR_UPPER | CHAR_LOWER, '_'))
		return p;
	replace(s, colon + 1, (size_t)(stop - colon - 1), "password");
	return stop;
}

/* "--password hunter2" in a command; p stands on the first of two hyphens. In a sentence ("the flag --token is gone") a plain word
 * follows. */
static const char *scan_flag(struct scan *s, const char *p)
{
	const char *name = p + 2, *stop = name, *value;

	while (stop < s->end && stop - name < NAME_MAX_LEN && char_is(*stop, CHAR_NAME))
		stop++;
	if (stop < s->end && *stop == ' ' && equals_fold(name, (size_t)(stop - name), "user"))
		return scan_user(s, stop);
	if (stop - name < 2 || stop >= s->end || *stop != ' ' || class_of(s, name, (size_t)(stop - name)) != MASK_NAME_STRONG)
		return p + 2;
	value = ++stop;
	while (stop < s->end && stop - value < VALUE_MAX && !char_is(*stop, CHAR_SPACE) && !memchr("\"'`;|&\\", *stop, 7))
		stop++;
	if (stop == value || *value == '-' || mask_value_is_plain(value, (size_t)(stop - value), false) ||
	    !mask_value_is_secret(MASK_NAME_STRONG, value, (size_t)(stop - value)))
		return p + 2;
	replace(s, value, (size_t)(stop - value), "secret");
	return stop;
}

/* p on '=' or ':'. Returns where to go on. */
static const char *scan_pair(struct scan *s, const char *p)
{
	struct pair pair = {.equals = *p == '='};
	enum mask_name class;
	bool cookie, scheme;

	if (!name_before(s, p, &pair))
		return p + 1;
	class = pair_class(s, p, &pair);
	cookie = class == MASK_NAME_WEAK && (equals_fold(pair.name, pair.name_len, "cookie") || equals_fold(pair.name, pair.name_len, "set-cookie"));
	if (class == MASK_NAME_PLAIN || !value_after(s, p + 1, class == MASK_NAME_WEAK ? WEAK_MAX : VALUE_MAX, &pair) || pair.value < s->flushed)
		return p + 1;
	scheme = skip_scheme(&pair, s);
	if (cookie) {
		while (!pair.quoted && pair.value + pair.value_len < s->end && pair.value_len < VALUE_MAX &&
		       !memchr("\n\r\"'", pair.value[pair.value_len], 4))
			pair.value_len++;
		if (!memchr(pair.value, '=', pair.value_len))
			return p + 1; /* "cookie: accepted" */
	} else if (!scheme && (!mask_value_is_secret(class, pair.value, pair.value_len) || is_prose(s, &pair))) {
		return p + 1;
	} else if (scheme && mask_value_is_harmless(pair.value, pair.value_len)) {
		return p + 1;
	}
	replace(s, pair.value, pair.value_len, cookie ? "cookie" : scheme ? "auth" : class == MASK_NAME_STRONG ? "secret" : "key");
	return pair.value + pair.value_len;
}

/* --- the pass ------------------------------------------------------------------------------------------------------------------- */

/* "Bearer eyJ..." and "Basic dXNl...", wherever they stand: word is what was passed over, p stands behind it. */
static const char *scan_scheme(struct scan *s, const char *word, const char *p)
{
	const char *token = p + 1, *stop = token;
	bool basic = equals_fold(word, (size_t)(p - word), "basic");

	if (p >= s->end || *p != ' ' || (!basic && !equals_fold(word, (size_t)(p - word), "bearer")))
		return p;
	while (stop < s->end && stop - token < VALUE_MAX && (char_is(*stop, CHAR_B64 | CHAR_B64URL) || *stop == '.'))
		stop++;
	/* "Basic authentication" is no credential. */
	if (stop - token < (basic ? 8 : 16) || !has_one_of(token, (size_t)(stop - token), basic ? CHAR_DIGIT : CHAR_DIGIT | CHAR_UPPER, '='))
		return p;
	replace(s, token, (size_t)(stop - token), "auth");
	return stop;
}

static const char *scan_word(struct scan *s, const char *p)
{
	const char *start = p, *kind;
	size_t n = mask_token_first[(unsigned char)*p] ? mask_token_at(p, s->end, p > s->text ? p[-1] : 0, &kind) : 0;

	if (n) {
		replace(s, p, n, kind);
		return p + n;
	}
	while (p < s->end && char_is(*p, CHAR_WORD))
		p++;
	return *start == 'B' || *start == 'b' ? scan_scheme(s, start, p) : *start == 'r' || *start == 'm' ? scan_directive(s, start, p) : p;
}

static void scan_all(struct scan *s)
{
	const char *p = s->text;

	while (p < s->end) {
		if (char_is(*p, CHAR_WORD)) {
			p = scan_word(s, p);
			continue;
		}
		switch (*p) {
		case '=':
			p = scan_pair(s, p);
			break;
		case ':':
			p = at(s, p, "://") ? scan_url(s, p) : scan_pair(s, p);
			break;
		case '@':
			p = scan_at(s, p);
			break;
		case '>':
			p = scan_element(s, p);
			break;
		case '-':
			p = at(s, p, "-u ")           ? scan_user(s, p + 2)
			    : !at(s, p, "--")         ? scan_short_flag(s, p)
			    : at(s, p, "-----BEGIN ") ? scan_pem(s, p)
			    : at(s, p, "---")         ? p + 1
						      : scan_flag(s, p);
			break;
		case '\xc2': /* what was masked before stays as it is */
			if (at(s, p, MASK_OPEN)) {
				const char *close = memmem(p, MIN((size_t)(s->end - p), (size_t)64), MASK_CLOSE, strlen(MASK_CLOSE));

				s->floor = p = close ? close + strlen(MASK_CLOSE) : p + strlen(MASK_OPEN);
				break;
			}
			p++;
			break;
		default:
			p++;
		}
	}
}

static bool scan_once(const struct masker *m, struct arena *a, struct masked_text *t)
{
	struct scan s = {.m = m, .text = t->text, .end = t->text + t->len, .flushed = t->text, .floor = t->text};

	scan_all(&s);
	if (!s.out)
		return false;
	strbuf_add(s.out, s.flushed, (size_t)(s.end - s.flushed));
	t->text = arena_strndup(a, s.out->buf, s.out->len);
	t->len = s.out->len;
	strbuf_release(s.out);
	return true;
}

struct masked_text mask_text(const struct masker *m, struct arena *a, const char *text, size_t len)
{
	struct masked_text t = {text, len};

	/* What was masked can show what stands beside it in another light. Looked at again until nothing more is found, so that masking
	 * what is masked changes nothing; more than a second look is hardly ever needed. */
	for (unsigned i = 0; i < PASSES_MAX && scan_once(m, a, &t); i++)
		;
	return t;
}
